#pragma once

#include <exception>
#include <functional>
#include <utility>

#include "app/log.hpp"
#include "http/api/backend.hpp"
#include "storage/journal.hpp"

namespace sugang {

/// What `read` returns; or, whatever it throws, the error for its caller. Damage of the journal is logged by the
/// journal's own listener.
template <class T, class Read>
ReadResult<T> attempt(const Read& read) {
  try {
    return ReadResult<T>{std::in_place_index<0>, read()};
  } catch (const Quarantined&) {
    return ServiceError::quarantined;
  } catch (const JournalDamaged&) {
    return ServiceError::journal_damaged;
  } catch (const std::exception& fault) {
    log_error("a read failed", {{"event", "read_failed"}, {"why", fault.what()}});
    return ServiceError::read_failed;
  }
}

// Lists carry their own error.

template <class Row>
void fail(ListResult<Row>& result, ServiceError error) {
  result.error = error;
}
inline void fail(MileageStatement& result, ServiceError error) { fail(result.entries, error); }

template <class List>
List failed(ServiceError error) {
  List list;
  fail(list, error);
  return list;
}

template <class List, class Read>
List attempt_list(const Read& read) {
  auto result = attempt<List>(read);
  if (auto* listed = std::get_if<0>(&result)) return std::move(*listed);
  return failed<List>(std::get<ServiceError>(result));
}

}  // namespace sugang
