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
constexpr auto names_of(PaymentState) {
  return names("none", "requested", "approved", "declined", "void_requested", "voided", "refund_requested",
               "refunded");
}

struct PaymentRequested {
  static constexpr std::string_view name = "payment.requested";
  Money amount;
  PaymentMethod method = PaymentMethod::test_approve;
  /// The charge's call may be made once this is durable. If not, `payment.charge-started` is durable before it.
  bool charge_started = true;
  /// Points that the approval is to earn.
  std::int64_t mileage = 0;
  bool operator==(const PaymentRequested&) const = default;
  static void fields(auto& self, auto&& field) {
    field("amount", self.amount);
    field("paymentMethod", self.method);
    field("chargeStarted", self.charge_started);
    field("mileage", self.mileage);
  }
};

/// The call of a charge that had to wait for the payment side may be made once this is durable.
struct ChargeStarted : BareEvent<"payment.charge-started"> {};

struct PaymentApproved {
  static constexpr std::string_view name = "payment.approved";
  /// Points earned; none when the charge had been given up.
  std::int64_t mileage = 0;
  bool operator==(const PaymentApproved&) const = default;
  static void fields(auto& self, auto&& field) { field("mileage", self.mileage); }
};

struct PaymentDeclined {
  static constexpr std::string_view name = "payment.declined";
  std::string reason;
  bool operator==(const PaymentDeclined&) const = default;
  static void fields(auto& self, auto&& field) { field("reason", self.reason); }
};

struct PaymentVoidRequested : BareEvent<"payment.void-requested"> {};

/// No money moved and none will: the charge was refused, or the undo came before the act.
struct PaymentVoided : BareEvent<"payment.voided"> {};

/// Journaled again when an operator retries a refund that was refused: its outcome is unknown from then on.
struct RefundRequested {
  static constexpr std::string_view name = "payment.refund-requested";
  /// Points reversed: all that the charge has earned and not reversed before, so none when the refund is retried.
  std::int64_t mileage = 0;
  /// Of the charge that was replaced, not of the one in force.
  bool former = false;
  bool operator==(const RefundRequested&) const = default;
  static void fields(auto& self, auto&& field) {
    field("mileage", self.mileage);
    field("former", self.former);
  }
};

/// The gateway refuses the refund for good: an operator retries it, or resolves it with the company.
struct RefundDeclined {
  static constexpr std::string_view name = "payment.refund-declined";
  std::string reason;
  bool operator==(const RefundDeclined&) const = default;
  static void fields(auto& self, auto&& field) { field("reason", self.reason); }
};

struct PaymentRefunded {
  static constexpr std::string_view name = "payment.refunded";
  /// As of the refund's request.
  bool former = false;
  bool operator==(const PaymentRefunded&) const = default;
  static void fields(auto& self, auto&& field) { field("former", self.former); }
};

/// A charge of another amount is to take the approved one's place. Its call may be made once this is durable.
struct ReplacementRequested {
  static constexpr std::string_view name = "payment.replacement-requested";
  Money amount;
  /// Points that its approval is to earn.
  std::int64_t mileage = 0;
  bool operator==(const ReplacementRequested&) const = default;
  static void fields(auto& self, auto&& field) {
    field("amount", self.amount);
    field("mileage", self.mileage);
  }
};

/// The replacement is approved, and in force. The request of the former charge's refund comes with it.
struct PaymentReplaced {
  static constexpr std::string_view name = "payment.replaced";
  /// Points earned.
  std::int64_t mileage = 0;
  bool operator==(const PaymentReplaced&) const = default;
  static void fields(auto& self, auto&& field) { field("mileage", self.mileage); }
};

/// The approved charge stays in force.
struct ReplacementDeclined {
  static constexpr std::string_view name = "payment.replacement-declined";
  std::string reason;
  bool operator==(const ReplacementDeclined&) const = default;
  static void fields(auto& self, auto&& field) { field("reason", self.reason); }
};

using PaymentEvent = std::variant<PaymentRequested, PaymentApproved, PaymentDeclined, PaymentVoidRequested,
                                  PaymentVoided, RefundRequested, PaymentRefunded, ChargeStarted, RefundDeclined,
                                  ReplacementRequested, PaymentReplaced, ReplacementDeclined>;

struct TakePayment {
  Money amount;
  PaymentMethod method = PaymentMethod::test_approve;
  /// Calls may be made now: the payment side is neither paused nor known to be down.
  bool may_call = true;
  /// Points that the payment earns once it is approved.
  std::int64_t mileage = 0;
};
/// The gateway's definitive answer to the charge.
struct ResolveCharge {
  bool approved = false;
  std::string reason;
};
struct RefundPayment {
  bool may_call = true;
  /// An operator wants a refund that was refused to be tried again.
  bool again = false;
};
/// The gateway's definitive answer to the refund.
struct ResolveRefund {
  bool approved = true;
  std::string reason = {};
};
/// An operator has settled with the company what the gateway refused to refund.
struct SettleRefund {};
/// Charges another amount in the approved one's place. Its call leaves at once.
struct ReplacePayment {
  Money amount;
  std::int64_t mileage = 0;
};
/// Refunds the charge that was replaced. It is requested already: the command repeats the call.
struct RefundFormer {
  /// As of RefundPayment.
  bool again = false;
};
using PaymentCommand = std::variant<TakePayment, ResolveCharge, RefundPayment, ResolveRefund, SettleRefund,
                                    ReplacePayment, RefundFormer>;

enum class PaymentError : std::uint8_t {
  declined,
  undone,
  /// A call may have left and the journal has no definitive answer to it: nothing is settled by hand.
  outcome_unknown,
  /// There is no refused refund to settle.
  not_resolvable,
};

/// The money side of one enrollment, and the mileage that comes and goes with it. An unfinished charge that is
/// undone becomes `void_requested`; should it prove approved, the approval and its refund request are one decision,
/// and nothing is earned.
///
/// An approved charge can be replaced by one of another amount. It stays in force until the new one is approved,
/// and is refunded then.
struct Payment {
  using Command = PaymentCommand;
  using Event = PaymentEvent;
  using Error = PaymentError;

  PaymentState state = PaymentState::none;
  Money amount;
  PaymentMethod method = PaymentMethod::test_approve;
  /// The charge's call may have left.
  bool charge_started = false;
  /// The gateway has refused the refund for good.
  bool refund_declined = false;
  /// Points that an approval earns.
  std::int64_t mileage = 0;
  /// Points earned and not reversed.
  std::int64_t mileage_earned = 0;
  /// One of several charges, each with a key of its own at the gateway.
  struct Charge {
    Money amount;
    std::int64_t mileage = 0;
    /// Counted from 0 in the order of the requests.
    std::uint32_t number = 0;
    bool operator==(const Charge&) const = default;
  };
  /// Of the charge in force, and of the one requested last.
  std::uint32_t number = 0;
  std::uint32_t last_number = 0;
  /// The charge that is to replace the one in force.
  std::optional<Charge> next;
  /// The charge that was replaced, until it is refunded.
  std::optional<Charge> former;
  bool operator==(const Payment&) const = default;

  /// A call to the gateway is pending until its definitive answer is journaled.
  bool charge_pending() const {
    return (state == PaymentState::requested && charge_started) || state == PaymentState::void_requested || next;
  }
  bool refund_pending() const { return (state == PaymentState::refund_requested || former) && !refund_declined; }
  /// What the pending call is about.
  Charge called() const {
    if (next) return *next;
    return former ? *former : Charge{amount, mileage, number};
  }
  /// A call may have left and no definitive answer to it is journaled: only the gateway's answer settles it.
  bool outcome_unknown() const { return charge_pending() || refund_pending(); }
};

/// The gateway's key of a payment's charge and of its refund: the payment's id for the first charge, another id of
/// the same partition for each that follows.
PaymentId key_of(PaymentId payment, std::uint32_t number);

/// Whether the command causes a call to the gateway.
bool lets_calls_leave(const PaymentCommand& command);

using PaymentDecision = Decision<PaymentEvent, PaymentError>;
PaymentDecision decide(const Payment& payment, const PaymentCommand& command, TimePoint now);
void apply(Payment& payment, const PaymentEvent& event);

}  // namespace sugang
