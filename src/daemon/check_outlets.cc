#include "daemon/check_outlets.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/account.h"
#include "base/secret.h"
#include "base/text.h"
#include "config/rule_selection.h"
#include "transfer/web_client.h"

namespace ipguard::daemon {
namespace {

// A user and the groups that he is in, as far as rights go.
struct Reader {
  Account account;
  std::vector<gid_t> groups;

  [[nodiscard]] static std::optional<Reader> find(const std::string& name) {
    const auto account = find_account(name);
    if (!account) {
      return std::nullopt;
    }
    Reader reader{.account = *account, .groups = std::vector<gid_t>(64)};
    int count = static_cast<int>(reader.groups.size());
    if (::getgrouplist(name.c_str(), account->group, reader.groups.data(), &count) < 0) {
      count = static_cast<int>(reader.groups.size());  // of more groups than these, some
    }
    reader.groups.resize(static_cast<size_t>(count));
    return reader;
  }

  // Whether he may do with a file what the bit of its owner's is for.
  [[nodiscard]] bool may(mode_t owners_bit, const struct stat& file) const {
    const unsigned shift = file.st_uid == account.user                              ? 0
                           : std::ranges::find(groups, file.st_gid) != groups.end() ? 3
                                                                                    : 6;
    return (file.st_mode & (owners_bit >> shift)) != 0;
  }
  // With all the folders on the way; of what is not there, true.
  [[nodiscard]] bool may_read(const std::filesystem::path& path) const {
    struct stat seen{};
    for (auto folder = path.parent_path(); folder.has_relative_path(); folder = folder.parent_path()) {
      if (::stat(folder.c_str(), &seen) == 0 && !may(S_IXUSR, seen)) {
        return false;
      }
    }
    return ::stat(path.c_str(), &seen) != 0 || may(S_IRUSR, seen);
  }
};

class TokenCheck {
 public:
  TokenCheck(config::Diagnostics& diagnostics, const std::string& service_account)
      : diagnostics_(diagnostics),
        account_name_(service_account),
        service_(::geteuid() == 0 ? Reader::find(service_account) : std::nullopt) {}

  void operator()(const std::string& path, const model::Location& location) const {
    if (path.empty()) {
      return;
    }
    const auto shown = printable(path, 120);
    if (const auto token = read_secret(path, account_name_); !token) {
      diagnostics_.error(location, "token_file: " + token.error().message,
                         "as root, write one that the service can read with `(umask 077; openssl rand -hex 32 > " +
                             shown + ") && chown " + account_name_ + ' ' + shown + '`');
    } else if (service_ && !service_->may_read(path)) {
      diagnostics_.warning(location,
                           "token_file: root can read " + shown + ", but the service runs as the user '" +
                               account_name_ + "', who cannot, and would not start",
                           "`chown " + account_name_ + ' ' + shown + "`, and see that he may enter the folder");
    }
  }

 private:
  config::Diagnostics& diagnostics_;
  const std::string& account_name_;
  std::optional<Reader> service_;
};

}  // namespace

void check_outlets(const config::Config& config, const std::vector<model::Rule>& rules,
                   const std::vector<model::Rule>& traps, config::Diagnostics& diagnostics,
                   const std::string& service_account) {
  const TokenCheck check_token(diagnostics, service_account);
  check_token(config.http.token_file, config.http.token_location);
  for (const auto& notify : config.notifies) {
    check_token(notify.token_file, notify.token_location);
    if (notify.type == config::NotifyType::webhook && notify.url.starts_with("http")) {
      if (const auto problem = transfer::url_problem(notify.url); !problem.empty()) {
        diagnostics.error(notify.place_location, "url: nothing can be posted to it: " + problem,
                          "write for example \"https://hooks.example/ipguard\"");
      }
    }
    for (const auto& [word, location] : notify.rules) {
      const auto named = [&word](const model::Rule& rule) { return config::names_rule(word, rule.id); };
      if (std::ranges::none_of(rules, named) && std::ranges::none_of(traps, named)) {
        diagnostics.error(location, "rules: there is no rule " + in_quotes(word),
                          "`ipguardctl rules list` shows all ids; \"web/\" stands for all that begin so");
      }
    }
  }
}

}  // namespace ipguard::daemon
