// Access logs of AWS load balancers, application and classic:
//
//   [TYPE ]STAMP ELB CLIENT:PORT TARGET:PORT|- TIME TIME TIME STATUS TARGET-STATUS RECEIVED SENT "REQUEST" "AGENT" …
//
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html; only the
// application's begins with TYPE. Everything up to the request is the load balancer's own; its client is the other end
// of the connection.
#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "match/formats/columns.h"
#include "match/formats/formats.h"
#include "match/timestamp.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::RawLine;

constexpr std::array<std::string_view, 6> types = {"http", "https", "h2", "grpcs", "ws", "wss"};

// "0.086", "-1", "-1.0"
bool is_seconds(std::string_view column) {
  return !column.empty() && column.find_first_not_of("0123456789.-") == std::string_view::npos;
}

class AwsAlb final : public LogFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "aws-alb"; }
  [[nodiscard]] model::LogKind kind() const override { return model::LogKind::access; }
  [[nodiscard]] bool parse(const RawLine& line, const ParseContext& context, Event& event) const override {
    auto rest = line.text;
    auto column = take_column(rest);
    if (std::ranges::find(types, column) != types.end()) {
      column = take_column(rest);
    }
    const auto stamp = parse_iso_stamp(column);
    if (!stamp || stamp->length != column.size() || !column.ends_with('Z')) {
      return false;
    }
    take_column(rest);  // the load balancer's name
    const auto address = parse_with_port(take_column(rest));
    const auto target = take_column(rest);
    if (!address || (target != "-" && !parse_with_port(target)) || !is_seconds(take_column(rest)) ||
        !is_seconds(take_column(rest)) || !is_seconds(take_column(rest))) {
      return false;
    }
    const auto status = take_column(rest);
    const auto target_status = take_column(rest);
    const auto received = take_column(rest);
    const auto sent = take_column(rest);
    if ((status != "-" && !is_status(status)) || !is_number_or_hyphen(target_status) || !all_digits(received) ||
        !all_digits(sent) || !rest.starts_with('"')) {
      return false;
    }
    reset_event(*this, event);
    event.time = stamp->time;
    event.address = address;
    event[Field::status] = without_hyphen(status);
    event[Field::bytes] = sent;
    fill_quoted(line, static_cast<size_t>(rest.data() - line.text.data()) - 1, *context.scratch, event);
    return true;
  }

 private:
  // From the blank before the request on.
  static void fill_quoted(const RawLine& line, size_t position, ParseScratch& scratch, Event& event) {
    std::string_view content;
    if (take_quoted(line.text, position, content)) {
      fill_request(content, true, true, scratch, event);
    }
    if (take_quoted(line.text, position, content)) {
      event[Field::user_agent] =
          undo_log_escapes(without_hyphen(content), scratch.fields[static_cast<size_t>(Field::user_agent)]);
    }
  }
};

}  // namespace

const LogFormat& aws_alb_format() {
  static const AwsAlb format;
  return format;
}

}  // namespace ipguard::match
