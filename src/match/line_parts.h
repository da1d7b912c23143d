// LineParts: where in an ordinary access line a field can stand, so that what is found elsewhere in it is nobody's.
#pragma once

#include <cstdint>

#include "model/event.h"

namespace ipguard::match {

// A set of parts, a bit each; AccessSkim's fields.
using LineParts = uint8_t;
inline constexpr LineParts in_vhost = 1U << 0U;
inline constexpr LineParts in_request = 1U << 1U;
inline constexpr LineParts in_referer = 1U << 2U;
inline constexpr LineParts in_user_agent = 1U << 3U;
inline constexpr LineParts anywhere = 0xff;

// The parts from which the formats that AccessSkim knows take the field; anywhere for fields that they do not have.
[[nodiscard]] constexpr LineParts parts_of(model::Field field) {
  switch (field) {
    case model::Field::method:
    case model::Field::target:
    case model::Field::path:
    case model::Field::query:
    case model::Field::protocol:
      return in_request;
    case model::Field::referer:
      return in_referer;
    case model::Field::user_agent:
      return in_user_agent;
    default:
      return anywhere;
  }
}

}  // namespace ipguard::match
