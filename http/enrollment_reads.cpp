#include "http/enrollment_reads.hpp"

#include "http/request_fields.hpp"

namespace sugang {

EnrollmentSummary fold(const std::vector<Record>& records) {
  EnrollmentSummary summary;
  for (const auto& record : records) apply(summary, record);
  return summary;
}

Handled get_of_enrollment(Call& call, std::optional<EnrollmentId> id, const EnrollmentResource& resource) {
  if (!id) return refuse(call, resource.no_enrollment);
  ask(call.backend, ReadTimeline{*id},
      [exchange = call.exchange, instance = std::string{call.request.path}, known = if_none_match(call),
       resource](const ReadTimeline::Result& read) {
        const auto* found = read_or_refuse(read, exchange, instance);
        if (!found) return;
        const auto& records = *found;
        if (records.empty()) return exchange.answer(refuse(instance, resource.no_enrollment));
        const auto summary = fold(records);
        if (resource.exists && !resource.exists(summary)) return exchange.answer(refuse(instance, resource.absent));
        exchange.answer(single_resource(json_of(summary, resource.write), version_etag(summary.version), known));
      });
  return std::nullopt;
}

}  // namespace sugang
