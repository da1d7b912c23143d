#include "writer/nft_ruleset.h"

#include <algorithm>
#include <array>

#include "enforce/nft_sets.h"

namespace ipguard::writer {

namespace {

constexpr std::string_view refusing_chain = "refuse";
// In an order in which they can be deleted: the last one is where the others go to.
constexpr std::array<std::string_view, 4> every_chain = {"input", "forward", "prerouting", refusing_chain};

std::string_view chain_comment(std::string_view chain) {
  if (chain == "input") {
    return "to this host";
  }
  return chain == "forward" ? "through this host, to containers and machines behind it" : "all that enters this host";
}

// Expired elements never match; they are only freed later. Walking a million elements every second (the kernel's
// default) would cost a noticeable share of a core.
constexpr std::string_view gc_interval = "1m";

std::string counters_and_sets(bool element_counters) {
  std::string text;
  for (const enforce::SetShape& set : enforce::sets) {
    text += "\tcounter ";
    text += set.name;
    text += " {\n\t\tcomment \"packets dropped: ";
    text += set.comment;
    text += "\"\n\t}\n\n";
  }
  for (const enforce::SetShape& set : enforce::sets) {
    text += "\tset " + std::string(set.name) + " {\n";
    text += set.family == net::Family::ipv4 ? "\t\ttype ipv4_addr\n" : "\t\ttype ipv6_addr\n";
    // No auto-merge: it would merge neighbours of different time-outs into one element with one of them.
    text += set.interval ? "\t\tflags interval,timeout\n" : "\t\tflags timeout\n";
    text += "\t\tgc-interval " + std::string(gc_interval) + "\n";
    text += element_counters ? "\t\tcounter\n" : "";
    text += "\t\tcomment \"" + std::string(set.comment) + "\"\n\t}\n\n";
  }
  return text;
}

std::string refusal() {
  return "\tchain " + std::string(refusing_chain) +
         " {\n\t\tcomment \"tells the banned that they are\"\n"
         "\t\tmeta l4proto tcp reject with tcp reset\n"
         "\t\treject with icmpx admin-prohibited\n\t}\n\n";
}

std::string chain(std::string_view name, int priority, config::Verdict action) {
  const std::string verdict = action == config::Verdict::drop ? "drop" : "goto " + std::string(refusing_chain);
  std::string text = "\tchain " + std::string(name) + " {\n";
  text += "\t\tcomment \"" + std::string(chain_comment(name)) + "\"\n";
  text += "\t\ttype filter hook " + std::string(name) + " priority " + std::to_string(priority) + "; policy accept;\n";
  text += "\t\tiif \"lo\" return comment \"loopback is never blocked\"\n";
  for (const enforce::SetShape& set : enforce::sets) {
    text += set.family == net::Family::ipv4 ? "\t\tip saddr @" : "\t\tip6 saddr @";
    text += std::string(set.name) + " counter name \"" + std::string(set.name) + "\" " + verdict + " comment \"" +
            std::string(set.comment) + "\"\n";
  }
  return text + "\t}\n";
}

// "add" makes the "delete" succeed whether the chain was there or not.
std::string chain_removal() {
  const std::string table = "inet " + std::string(enforce::table_name);
  std::string text;
  for (const std::string_view name : every_chain) {
    text += "add chain " + table + " " + std::string(name) + "\n";
    text += "delete chain " + table + " " + std::string(name) + "\n";
  }
  return text;
}

}  // namespace

std::vector<std::string_view> chain_names(config::Hook hook) {
  switch (hook) {
    case config::Hook::input:
      return {"input"};
    case config::Hook::forward:
      return {"forward"};
    case config::Hook::prerouting:
      return {"prerouting"};
    case config::Hook::input_and_forward:
      break;
  }
  return {"input", "forward"};
}

std::string declaration_script(const config::EnforceConfig& config) {
  const std::string table = "inet " + std::string(enforce::table_name);
  std::string text = "table " + table + " {\n\tcomment \"bans of ipguard: ipguardctl bans shows why\"\n\n";
  text += counters_and_sets(config.element_counters);
  text += "}\n" + chain_removal() + "table " + table + " {\n";
  if (config.action == config::Verdict::reject) {
    text += refusal();
  }
  const auto names = chain_names(config.hook);
  for (size_t i = 0; i < names.size(); ++i) {
    text += (i == 0 ? "" : "\n") + chain(names[i], config.priority, config.action);
  }
  return text + "}\n";
}

std::string wake_script() { return "add table inet " + std::string(enforce::table_name) + "\n"; }

std::string eviction_script(const std::vector<uint64_t>& chain_handles) {
  const std::string table = "inet " + std::string(enforce::table_name);
  std::string text = "flush table " + table + "\n";
  for (const uint64_t handle : chain_handles) {
    text += "delete chain " + table + " handle " + std::to_string(handle) + "\n";
  }
  return text;
}

std::string set_removal_script(const std::vector<std::string_view>& names) {
  std::string text = chain_removal();
  for (const std::string_view name : names) {
    text += "delete set inet " + std::string(enforce::table_name) + " " + std::string(name) + "\n";
  }
  return text;
}

bool is_own_chain(std::string_view name) { return std::ranges::find(every_chain, name) != every_chain.end(); }

std::string removal_script() {
  const std::string table = "table inet " + std::string(enforce::table_name);
  return "add " + table + "\ndelete " + table + "\n";
}

}  // namespace ipguard::writer
