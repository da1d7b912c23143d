// JSON lines whose values' names the configuration says.
#include <utility>

#include "match/formats/formats.h"
#include "match/formats/json_access.h"
#include "match/formats/own_formats.h"
#include "match/formats/record.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::LogKind;
using model::RawLine;

class MappedJson final : public LogFormat {
 public:
  explicit MappedJson(JsonPaths paths) : paths_(std::move(paths)) {
    names_ = {.client = paths_.address,
              .witness = {},
              .status = paths_.status,
              .request = paths_.request,
              .method = paths_.method,
              .target = paths_.path,
              .query = paths_.query,
              .protocol = paths_.protocol,
              .bytes = paths_.bytes,
              .referer = paths_.referer,
              .user_agent = paths_.user_agent,
              .user = paths_.user,
              .vhost = paths_.host};
  }
  MappedJson(const MappedJson&) = delete;  // names_ points to paths_
  MappedJson& operator=(const MappedJson&) = delete;

  [[nodiscard]] std::string_view name() const override { return paths_.name; }
  [[nodiscard]] LogKind kind() const override { return LogKind::fields; }
  // Lines without these values are another kind of the same program's: records.
  [[nodiscard]] bool parse(const RawLine& line, const ParseContext& context, Event& event) const override {
    ParseScratch& scratch = *context.scratch;
    if (!line.text.starts_with('{') || line.truncated || !parse_json_record(line.text, scratch.record)) {
      return false;
    }
    const Record record = scratch.record.values;
    reset_event(*this, event);
    event.record = record;
    const auto* const time = paths_.time.empty() ? nullptr : find_only_value(record, paths_.time);
    event.time = time != nullptr ? parse_record_time(time->value, context.clock()) : std::nullopt;
    if (!event.time) {
      event.time = record_time(record, context.clock());
    }
    if (has_names(names_, record)) {
      event.kind = LogKind::access;
      fill_by_names(names_, record, line.text, context, event);
    }
    return true;
  }

 private:
  JsonPaths paths_;
  AccessNames names_;
};

}  // namespace

std::unique_ptr<const LogFormat> make_json_format(JsonPaths paths) {
  return std::make_unique<MappedJson>(std::move(paths));
}

}  // namespace ipguard::match
