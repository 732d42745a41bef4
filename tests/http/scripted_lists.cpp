#include "tests/http/scripted_backend.hpp"

// What is listed of scripted enrollments, and the scripted webhooks.

namespace sugang {

void ScriptedBackend::cancel_course(CourseId id, std::string reason, Asker asker) {
  note("cancel_course");
  later([this, id, reason, asker] {
    Outcome outcome;
    {
      std::lock_guard lock{mutex_};
      last_reason_ = reason;
      auto it = courses_.find(id.text);
      if (it == courses_.end()) {
        outcome.refusal = CourseError::not_found;
      } else {
        auto& course = it->second;
        if (!course.cancelled) ++course.sequence;
        course.cancelled = true;
        course.state = CourseState::closed;
        outcome.subject = course;
      }
    }
    answer(asker, outcome);
  });
}

void ScriptedBackend::list_waitlist(CourseId course, Page page, Position min_position,
                                    std::function<void(ListResult<WaitlistRow>)> done) {
  note("list_waitlist");
  later([this, course, page, min_position, done] {
    std::unique_lock lock{mutex_};
    std::vector<WaitlistRow> rows;
    for (auto id : line(course)) rows.push_back({enrollments_.at(id).summary, rows.size() + 1});
    auto result = page_of(rows, page, min_position);
    lock.unlock();
    done(result);
  });
}

void ScriptedBackend::list_coaching(CoachingFilter filter, Page page, Position min_position,
                                    std::function<void(ListResult<EnrollmentSummary>)> done) {
  note("list_coaching");
  later([this, filter, page, min_position, done] {
    std::unique_lock lock{mutex_};
    last_coaching_filter_ = filter;
    std::vector<EnrollmentSummary> rows;
    for (const auto& [id, enrolled] : enrollments_) {
      const auto& coaching = enrolled.summary.coaching;
      if (coaching && (!filter.state || coaching->state == *filter.state)) rows.push_back(enrolled.summary);
    }
    auto result = page_of(rows, page, min_position);
    lock.unlock();
    done(result);
  });
}

void ScriptedBackend::list_deliveries(DeliveryFilter filter, Page page, Position min_position,
                                      std::function<void(ListResult<EnrollmentSummary>)> done) {
  note("list_deliveries");
  later([this, filter, page, min_position, done] {
    std::unique_lock lock{mutex_};
    last_delivery_filter_ = filter;
    std::vector<EnrollmentSummary> rows;
    for (const auto& [id, enrolled] : enrollments_) {
      const auto state = enrolled.summary.delivery;
      if (state != DeliveryState::none && (!filter.state || state == *filter.state))
        rows.push_back(enrolled.summary);
    }
    auto result = page_of(rows, page, min_position);
    lock.unlock();
    done(result);
  });
}

void ScriptedBackend::student_mileage(StudentId student, Page page, Position min_position,
                                      std::function<void(MileageStatement)> done) {
  note("student_mileage");
  later([this, student, page, min_position, done] {
    std::unique_lock lock{mutex_};
    MileageStatement statement;
    std::vector<MileageRow> rows;
    for (const auto& [id, enrolled] : enrollments_) {
      const auto& summary = enrolled.summary;
      if (summary.student != student || summary.mileage_earned == 0) continue;
      rows.push_back({true, summary.mileage_earned, payment_of(id), scripted_time, summary.amount.currency});
      statement.balances[summary.amount.currency] += summary.mileage_earned;
    }
    statement.entries = page_of(rows, page, min_position);
    lock.unlock();
    done(statement);
  });
}

void ScriptedBackend::student_notifications(StudentId student, Page page, Position min_position,
                                            std::function<void(ListResult<Notification>)> done) {
  note("student_notifications");
  later([this, student, page, min_position, done] {
    std::unique_lock lock{mutex_};
    std::vector<Notification> rows;
    for (const auto& [id, enrolled] : enrollments_) {
      if (enrolled.summary.student != student) continue;
      const Notice notice{.position = enrolled.timeline.back().position,
                          .about = enrolled.timeline.back().id,
                          .kind = NoticeKind::enrollment_confirmed,
                          .enrollment = id,
                          .student = student,
                          .course = enrolled.summary.course,
                          .happened_at = scripted_time};
      rows.push_back({.notice = notice,
                      .state = rows.empty() ? NotificationState::sent : NotificationState::failed,
                      .error = rows.empty() ? "" : "nobody there"});
    }
    auto result = page_of(rows, page, min_position);
    lock.unlock();
    done(result);
  });
}

void ScriptedBackend::create_webhook(std::string url, std::vector<NoticeKind> kinds, Asker asker) {
  note("create_webhook");
  later([this, url, kinds, asker] {
    Outcome outcome;
    {
      std::lock_guard lock{mutex_};
      const WebhookId id{{1, webhooks_.size() + 1}};
      webhooks_[id] = {.id = id, .url = url, .kinds = kinds, .created_at = scripted_time};
      outcome.subject = NewWebhook{webhooks_[id], "whsec_c2NyaXB0ZWQ="};
      if (change_) change_(outcome);
    }
    answer(asker, outcome);
  });
}

void ScriptedBackend::remove_webhook(WebhookId id, std::function<void(ReadResult<bool> removed)> done) {
  note("remove_webhook");
  later([this, id, done] {
    std::unique_lock lock{mutex_};
    const bool removed = webhooks_.erase(id) != 0;
    lock.unlock();
    done(removed);
  });
}

void ScriptedBackend::list_webhooks(Page page, std::function<void(ListResult<Webhook>)> done) {
  note("list_webhooks");
  later([this, page, done] {
    std::unique_lock lock{mutex_};
    std::vector<Webhook> rows;
    for (const auto& [id, webhook] : webhooks_) rows.push_back(webhook);
    auto result = page_of(rows, page, 0);
    lock.unlock();
    done(result);
  });
}

void ScriptedBackend::list_webhook_deliveries(
    WebhookId id, Page page, std::function<void(std::optional<ListResult<WebhookDelivery>>)> done) {
  note("list_webhook_deliveries");
  later([this, id, page, done] {
    std::unique_lock lock{mutex_};
    std::optional<ListResult<WebhookDelivery>> result;
    if (webhooks_.contains(id)) result = page_of(webhook_deliveries_[id], page, 0);
    lock.unlock();
    done(result);
  });
}

void ScriptedBackend::add_webhook_delivery(WebhookId webhook, WebhookDelivery delivery) {
  std::lock_guard lock{mutex_};
  webhook_deliveries_[webhook].push_back(std::move(delivery));
}

}  // namespace sugang
