#include "enrich/iana_blocks.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace ipguard::enrich {
namespace {

constexpr std::array<std::pair<std::string_view, IanaBlock::Kind>, 3> kinds = {{
    {"special", IanaBlock::Kind::special},
    {"allocated", IanaBlock::Kind::allocated},
    {"legacy", IanaBlock::Kind::legacy},
}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> labels = {{
    {"AFRINIC", "afrinic"},
    {"APNIC", "apnic"},
    {"ARIN", "arin"},
    {"LACNIC", "lacnic"},
    {"RIPE NCC", "ripencc"},
}};

// What follows "# key: "; empty if the line is no such comment.
std::string_view remark(std::string_view line, std::string_view key) {
  const std::string begin = "# " + std::string(key) + ": ";
  return line.starts_with(begin) ? line.substr(begin.size()) : std::string_view();
}

Result<IanaBlock> parse_block(std::string_view line) {
  const auto cells = split(line, ',');
  if (cells.size() != 4) {
    return fail(Errc::invalid, "a block has four cells");
  }
  auto prefix = net::Prefix::parse(cells[0]);
  if (!prefix) {
    return std::unexpected(std::move(prefix.error()));
  }
  const auto* kind = std::ranges::find(kinds, cells[1], &std::pair<std::string_view, IanaBlock::Kind>::first);
  if (kind == kinds.end()) {
    return fail(Errc::invalid, "unknown kind " + in_quotes(cells[1], 512));
  }
  return IanaBlock{
      .prefix = *prefix, .kind = kind->second, .name = std::string(cells[2]), .reference = std::string(cells[3])};
}

}  // namespace

std::string_view to_string(IanaBlock::Kind kind) {
  return std::ranges::find(kinds, kind, &std::pair<std::string_view, IanaBlock::Kind>::second)->first;
}

const IanaBlocks& IanaBlocks::get() {
  static const IanaBlocks blocks = parse(iana_blocks_text()).value();  // its test reads the same text
  return blocks;
}

Result<IanaBlocks> IanaBlocks::parse(std::string_view text) {
  IanaBlocks result;
  size_t number = 0;
  for (const auto line : split(text, '\n')) {
    ++number;
    if (const auto source = remark(line, "Source"); !source.empty()) {
      result.source_ = source;
    } else if (const auto date = remark(line, "As of"); !date.empty()) {
      result.as_of_ = date;
    }
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    auto block = parse_block(line);
    if (!block) {
      return std::unexpected(add_context(block, "line " + std::to_string(number)));
    }
    result.blocks_.push_back(std::move(*block));
  }
  result.index();
  return result;
}

void IanaBlocks::index() {
  starts_.push_back(0);
  for (const auto& block : blocks_) {
    starts_.push_back(to_number(block.prefix.address()));
    starts_.push_back(to_number(block.prefix.last()) + 1);  // 0, which is there already, after the last address of all
  }
  std::ranges::sort(starts_);
  starts_.erase(std::unique(starts_.begin(), starts_.end()), starts_.end());
  for (const auto start : starts_) {
    auto& blocks = around_.emplace_back();
    for (const auto& block : blocks_) {
      if (to_number(block.prefix.address()) <= start && start <= to_number(block.prefix.last())) {
        blocks.push_back(&block);
      }
    }
    std::ranges::stable_sort(blocks, std::ranges::greater(), [](const auto* block) { return block->prefix.length(); });
  }
  for (uint32_t octet = 0; octet < by_octet_.size(); ++octet) {
    const size_t first = interval_of(net::Address::from_ipv4(octet << 24U));
    const size_t last = interval_of(net::Address::from_ipv4(octet << 24U | 0xffffffU));
    by_octet_.at(octet) = first == last && first < several ? static_cast<uint16_t>(first) : several;
  }
}

size_t IanaBlocks::interval_of(const net::Address& address) const {
  const auto after = std::ranges::upper_bound(starts_, to_number(address));
  return static_cast<size_t>(after - starts_.begin() - 1);
}

std::span<const IanaBlock* const> IanaBlocks::around(const net::Address& address) const {
  const uint16_t interval = address.is_ipv4() ? by_octet_.at(address.ipv4() >> 24U) : several;
  return around_[interval != several ? interval : interval_of(address)];
}

std::string_view registry_label(std::span<const IanaBlock* const> blocks) {
  const auto given = std::ranges::find_if(blocks, [](const auto* block) {
    return block->kind == IanaBlock::Kind::allocated || block->kind == IanaBlock::Kind::legacy;
  });
  if (given == blocks.end()) {
    return {};
  }
  const auto* label = std::ranges::find(labels, (*given)->name, &std::pair<std::string_view, std::string_view>::first);
  return label == labels.end() ? std::string_view() : label->second;
}

}  // namespace ipguard::enrich
