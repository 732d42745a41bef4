#pragma once

// The one place that knows CAF's version: 0.17 wants its in-process message types named. Messages stay on the node
// (storage is the only thing that is encoded), so none of them is made serializable.

#include <caf/all.hpp>

#include "actors/messages.hpp"

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::StepReply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::Task<sugang::Course>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::Task<sugang::Payment>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::Task<sugang::StockPreparation>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::Task<sugang::Delivery>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::Task<sugang::Coaching>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::Task<sugang::InstructorCalendar>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::BeginEnrollment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::DescribeCourse)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::AdoptCourse)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::CallCourse)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::DescribeWaitlistPosition)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::AdvanceCourse)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::RevokeSaga)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::EnrollmentRevoked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::PaymentOpened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::SettlePayment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::SettleEnrollment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::Settled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::GatewayAnswered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::Woken)
