#include "input/inputs.h"

#include <gmock/gmock.h>
#include <sys/socket.h>

#include <map>

#include "base/log.h"
#include "base/unix_socket.h"
#include "followed_files.h"

namespace ipguard::input {
namespace {

using testing::ElementsAre;

class InputsTest : public ::testing::Test {
 protected:
  InputsTest() { set_log_level(LogLevel::error); }

  config::SourceConfig files(const std::string& name, std::string_view file) const {
    config::SourceConfig source;
    source.name = name;
    source.paths = {folder / file};
    source.from = config::StartPosition::start;
    return source;
  }
  config::SourceConfig listener(const std::string& name, std::string_view file) const {
    config::SourceConfig source;
    source.name = name;
    source.kind = config::SourceKind::listener;
    source.listen = {{.transport = config::ListenEndpoint::Transport::unix_datagram, .path = folder / file}};
    return source;
  }

  void start() {
    inputs.emplace(
        loop, sources, std::vector<model::Cursor>{}, 0,
        [this](const Block& block) {
          const auto source = inputs->source(block.source);
          EXPECT_NE(source.config, nullptr);
          seen[source.config->name].append(block.bytes);
          ids[source.config->name] = block.source;
          paths[source.config->name] = source.path;
          return Follower::Consumed{.lines = 1, .hits = 0};
        },
        FollowerTiming{}, SIZE_MAX);
    ASSERT_TRUE(inputs->start());
    drain();
  }
  void drain() {
    do {
      loop.poll();
    } while (!inputs->caught_up());
    loop.poll();
  }
  void send(std::string_view file, std::string_view message) {
    const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM, 0));
    ASSERT_EQ(connect_to(fd.get(), *unix_address(folder / file, "socket")), 0);
    ASSERT_EQ(::send(fd.get(), message.data(), message.size(), 0), static_cast<ssize_t>(message.size()));
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& status : inputs->status()) {
      names.push_back(status.name);
    }
    return names;
  }

  TempFolder folder;
  loop::EventLoop loop;
  std::vector<config::SourceConfig> sources;
  std::map<std::string, std::string> seen;
  std::map<std::string, model::SourceId> ids;
  std::map<std::string, std::string> paths;
  std::optional<Inputs> inputs;
};

TEST_F(InputsTest, AreToldApart) {
  append(folder / "log", "from a file\n");
  sources = {listener("syslog", "socket"), files("web", "log"), listener("other", "other")};
  start();
  send("socket", "<34>Oct 11 22:14:15 su: sent");
  send("other", "<34>Oct 11 22:14:15 su: too");
  drain();
  EXPECT_EQ(seen["web"], "from a file\n");
  EXPECT_EQ(seen["syslog"], "<34>Oct 11 22:14:15 su: sent\n");
  EXPECT_EQ(seen["other"], "<34>Oct 11 22:14:15 su: too\n");
  EXPECT_EQ(ids, (std::map<std::string, model::SourceId>{{"web", 0}, {"syslog", 1}, {"other", 3}}));
  EXPECT_EQ(paths["web"], folder / "log");
  EXPECT_EQ(paths["syslog"], "unix " + (folder / "socket"));
  EXPECT_THAT(names(), ElementsAre("web", "syslog", "other"));
  EXPECT_EQ(inputs->source(5).config, nullptr);
  EXPECT_EQ(inputs->source(2).config, nullptr);
  EXPECT_EQ(inputs->cursors().size(), 1U);
}

TEST_F(InputsTest, BeginWithinAContainersLine) {
  const auto part = [](std::string_view text, char tag) {
    return "2026-01-01T00:00:00.000000001Z stdout " + std::string(1, tag) + ' ' + std::string(text) + '\n';
  };
  append(folder / "log", part("before", 'F') + part("GET /", 'P'));
  sources = {files("web", "log")};
  sources[0].from = config::StartPosition::end;
  start();
  EXPECT_EQ(seen["web"], "");
  append(folder / "log", part("203.0.113.9 forged", 'F') + part("next", 'F'));
  drain();
  EXPECT_EQ(seen["web"], part("GET /203.0.113.9 forged", 'F') + part("next", 'F'));
}

TEST_F(InputsTest, ChangeWithTheirSources) {
  append(folder / "log", "one\n");
  sources = {listener("goes", "goes"), listener("stays", "stays"), files("web", "log")};
  start();
  send("stays", "<34>Oct 11 22:14:15 su: before");
  drain();
  const auto version = inputs->cursor_version();

  std::vector<config::SourceConfig> changed = {listener("new", "goes"), files("web", "log"),
                                               listener("stays", "stays")};
  inputs->change_sources(changed);
  sources = {};  // nobody may look at the old ones any more
  EXPECT_GT(inputs->cursor_version(), version);
  send("stays", "<34>Oct 11 22:14:15 su: after");
  send("goes", "<34>Oct 11 22:14:15 su: fresh");
  append(folder / "log", "two\n");
  while (seen["web"] != "one\ntwo\n") {
    loop.run_once();
  }
  drain();
  EXPECT_EQ(seen["stays"], "<34>Oct 11 22:14:15 su: before\n<34>Oct 11 22:14:15 su: after\n");
  EXPECT_EQ(seen["new"], "<34>Oct 11 22:14:15 su: fresh\n");
  EXPECT_EQ(ids["new"], 1U);  // that of the one that went
  EXPECT_THAT(names(), ElementsAre("web", "new", "stays"));
  EXPECT_EQ(inputs->status()[2].lines, 2U);

  // What it holds of a message that has not ended is counted.
  changed.push_back(listener("stream", "stream"));
  changed.back().listen[0].transport = config::ListenEndpoint::Transport::unix_stream;
  auto stopped = changed;
  inputs->change_sources(changed);
  const auto hold = [this](std::string_view bytes) {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    EXPECT_EQ(connect_to(fd.get(), *unix_address(folder / "stream", "socket")), 0);
    EXPECT_EQ(::send(fd.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    drain();
    drain();
    return fd;
  };
  const auto first = hold("<34>torn");
  EXPECT_EQ(inputs->losses()["stream"].bytes, 0U);
  std::vector<config::SourceConfig> without(changed.begin(), changed.end() - 1);
  inputs->change_sources(without);
  changed = {};
  EXPECT_EQ(inputs->losses()["stream"].bytes, 8U);
  inputs->change_sources(stopped);
  const auto second = hold("<34>Oct");
  inputs->stop();
  EXPECT_EQ(inputs->losses()["stream"].bytes, 15U);

  // The same name, another kind: another input.
  std::vector<config::SourceConfig> moved = {files("stays", "log")};
  inputs->change_sources(moved);
  EXPECT_THAT(names(), ElementsAre("stays"));
}

}  // namespace
}  // namespace ipguard::input
