# Writes INPUT into OUTPUT, a C++ source, as the text of the constant SYMBOL that HEADER declares.
file(READ ${INPUT} text)
file(WRITE ${OUTPUT} "#include \"${HEADER}\"

namespace sugang {

const std::string_view ${SYMBOL}{R\"embedded(${text})embedded\"};

}  // namespace sugang
")
