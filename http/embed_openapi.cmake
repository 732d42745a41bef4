# Writes INPUT into OUTPUT, a C++ source, as the text of `openapi_document`.
file(READ ${INPUT} document)
file(WRITE ${OUTPUT} "#include \"http/document_routes.hpp\"

namespace sugang {

const std::string_view openapi_document{R\"openapi(${document})openapi\"};

}  // namespace sugang
")
