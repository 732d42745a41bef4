#pragma once

#include <optional>
#include <string>
#include <variant>

#include "domain/course.hpp"

namespace sugang {

enum class PaymentState : std::uint8_t {
  none,
  requested,
  approved,
  declined,
  void_requested,
  voided,
  refund_requested,
  refunded,
};
template <>
struct EnumNames<PaymentState> {
  static constexpr std::array<std::string_view, 8> values{
      "none", "requested", "approved", "declined", "void_requested", "voided", "refund_requested", "refunded"};
};

struct PaymentRequested {
  static constexpr std::string_view name = "payment.requested";
  static constexpr std::uint16_t version = 1;
  Money amount;
  PaymentMethod method = PaymentMethod::test_approve;
  bool operator==(const PaymentRequested&) const = default;
  static void fields(auto& self, auto&& field) {
    field("amount", self.amount);
    field("paymentMethod", self.method);
  }
};

struct PaymentApproved {
  static constexpr std::string_view name = "payment.approved";
  static constexpr std::uint16_t version = 1;
  bool operator==(const PaymentApproved&) const = default;
  static void fields(auto&, auto&&) {}
};

struct PaymentDeclined {
  static constexpr std::string_view name = "payment.declined";
  static constexpr std::uint16_t version = 1;
  std::string reason;
  bool operator==(const PaymentDeclined&) const = default;
  static void fields(auto& self, auto&& field) { field("reason", self.reason); }
};

struct PaymentVoidRequested {
  static constexpr std::string_view name = "payment.void-requested";
  static constexpr std::uint16_t version = 1;
  bool operator==(const PaymentVoidRequested&) const = default;
  static void fields(auto&, auto&&) {}
};

/// No money moved and none will: the charge was refused, or the undo came before the act.
struct PaymentVoided {
  static constexpr std::string_view name = "payment.voided";
  static constexpr std::uint16_t version = 1;
  bool operator==(const PaymentVoided&) const = default;
  static void fields(auto&, auto&&) {}
};

struct RefundRequested {
  static constexpr std::string_view name = "payment.refund-requested";
  static constexpr std::uint16_t version = 1;
  bool operator==(const RefundRequested&) const = default;
  static void fields(auto&, auto&&) {}
};

struct PaymentRefunded {
  static constexpr std::string_view name = "payment.refunded";
  static constexpr std::uint16_t version = 1;
  bool operator==(const PaymentRefunded&) const = default;
  static void fields(auto&, auto&&) {}
};

using PaymentEvent = std::variant<PaymentRequested, PaymentApproved, PaymentDeclined, PaymentVoidRequested,
                                  PaymentVoided, RefundRequested, PaymentRefunded>;

struct TakePayment {
  Money amount;
  PaymentMethod method = PaymentMethod::test_approve;
};
/// The gateway's definitive word on the charge.
struct ResolveCharge {
  bool approved = false;
  std::string reason;
};
struct RefundPayment {};
/// The gateway's definitive word on the refund.
struct ResolveRefund {};
using PaymentCommand = std::variant<TakePayment, ResolveCharge, RefundPayment, ResolveRefund>;

enum class PaymentError : std::uint8_t { declined, undone };

/// The money side of one enrollment. An unfinished charge that is undone becomes `void_requested`; should it prove
/// approved, the approval and its refund request are one decision.
struct Payment {
  using Command = PaymentCommand;
  using Event = PaymentEvent;
  using Error = PaymentError;

  PaymentState state = PaymentState::none;
  Money amount;
  PaymentMethod method = PaymentMethod::test_approve;
  bool operator==(const Payment&) const = default;

  /// A call to the gateway is owed until its definitive word is journaled.
  bool owes_charge() const { return state == PaymentState::requested || state == PaymentState::void_requested; }
  bool owes_refund() const { return state == PaymentState::refund_requested; }
};

Decision<PaymentEvent, PaymentError> decide(const Payment& payment, const PaymentCommand& command, TimePoint now);
void apply(Payment& payment, const PaymentEvent& event);

}  // namespace sugang
