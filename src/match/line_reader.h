// LineReader: lines to events, by what is known of each source: its format, named or learned, and what its log said of
// its columns. Internal to Matcher.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "match/format.h"
#include "match/formats/w3c_order.h"
#include "match/rule_set.h"
#include "model/line.h"

namespace ipguard::match {

// Used by one thread.
class LineReader {
 private:
  // Each source its own: with another's hint a vhost line could be read as one without that column, and what stands in
  // the column is the client's Host header.
  struct Source {
    const LogFormat* hint = nullptr;  // the format that its last line had
    std::optional<W3cOrder> order;    // as its last directive said
    bool beginning_asked = false;
  };

 public:
  // The lines of one source that belong to one call.
  class Lines {
   public:
    // Whether they are what AccessSkim knows.
    [[nodiscard]] bool are_access() const;
    [[nodiscard]] ScanHints scan_hints() const { return only != nullptr ? only->scan_hints() : ScanHints{}; }

   private:
    friend LineReader;
    [[nodiscard]] bool may_be_w3c() const;
    [[nodiscard]] std::string_view forwarded_column() const;

    Source* source = nullptr;
    TimePoint now;
    const LogFormat* only = nullptr;  // null: any of all_formats()
    bool own = false;                 // it is the configuration's
    bool nothing = false;             // a format that does not exist was asked for
    bool bare_messages = false;       // what no format recognises is one
    const TimeZone* zone = nullptr;
    const ForwardedClient* forwarded = nullptr;
  };
  // Valid as long as this object and what the options point to.
  [[nodiscard]] Lines lines_of(model::SourceId source, const LineOptions& options, TimePoint now);

  // What the source's lines have said so far.
  void forget(model::SourceId source) { sources_.erase(source); }

  // Learns from a piece of whole lines, some of which will be read; `event` is used up.
  void begin_piece(std::string_view piece, const Lines& lines, model::Event& event);
  // The next line to be read begins at this offset in the piece.
  void move_to(size_t offset, const Lines& lines);
  // Learns from a line that is no part of a piece.
  static void note_directive(std::string_view line, const Lines& lines);

  // False, with `event` empty, if no allowed format fits. Blanks behind a message are no part of it: some programs and
  // forwarders leave them there, and clients' words do not come behind a program's last. `event` points into the line
  // and into this object.
  [[nodiscard]] bool read(const model::RawLine& line, const Lines& lines, model::Event& event);

  // See Matcher.
  [[nodiscard]] static bool wants_beginning(const Lines& lines);
  static void take_beginning(std::string_view text, const Lines& lines);

 private:
  [[nodiscard]] ParseContext context_of(const Lines& lines);
  void learn_format(std::string_view piece, const Lines& lines, model::Event& event);
  [[nodiscard]] bool parse(const model::RawLine& line, const Lines& lines, model::Event& event);
  [[nodiscard]] static bool parse_own(const model::RawLine& line, const LogFormat& format, const ParseContext& context,
                                      model::Event& event);

  ParseScratch scratch_;
  std::unordered_map<model::SourceId, Source> sources_;  // as many as the inputs have
  std::vector<std::pair<size_t, W3cOrder>> directives_;  // of a piece, by offset
  size_t next_directive_ = 0;
};

}  // namespace ipguard::match
