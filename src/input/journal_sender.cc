// Who may say what. The trusted fields (systemd.journal-fields(7)) differ in what they are worth:
//
//   _UID         the kernel's word at the moment of sending (SCM_CREDENTIALS); of a program that is setuid the real
//                user's. Nothing else here is as good.
//   _SYSTEMD_UNIT, _SYSTEMD_CGROUP  where the process runs. Only root puts a process into a service.
//   _EXE, _COMM  read from /proc after the message has come: who sends and then execs something else (or attaches a
//                debugger to a program of its own, or sets LD_PRELOAD) is described as that. _COMM can be set with
//                prctl(2) besides.
//
// Hence, in this order:
//  1. The kernel, the audit system and journald itself (_TRANSPORT kernel, audit, driver) name themselves.
//  2. Root is believed: it may write any log. But not root in a container that has the host's socket mounted: whoever
//     broke in there would write in the name of the host's sshd. (With a user namespace its _UID is not 0 anyway.) What
//     a container prints comes through its runtime, which is root on the host: then the container's name counts.
//  3. A system account (1 to 999, DynamicUser=) is believed if what it says agrees with its service, or with its
//     program where only root installs programs; as whatever it says if the administrator named that identifier, or the
//     unit. Never inside a user's session.
//  4. Everybody else is believed only as the service that root runs under that account (User=git in gitea.service), and
//     only where a service does not run other people's programs: without pam_systemd(8) a shell that sshd started is in
//     ssh.service, and what crontab(1) runs is in cron.service. The administrator may name other units,
//     user@1000.service too. _EXE and _COMM mean nothing here. So sudo and su are not believed when users run them; no
//     address would come from them anyway, because they have no remote client.
//  5. An entry without _UID, or with two identifiers, is nobody's, unless 1 or (two identifiers) 2 holds.
#include "input/journal_sender.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/ascii.h"
#include "base/text.h"
#include "input/glob_watch.h"

namespace ipguard::input {
namespace {

enum class Account : uint8_t { unknown, root, system, ordinary };

// The ranges of systemd's "Users, Groups, UIDs and GIDs on systemd Systems"; SYS_UID_MAX of login.defs(5) is 999 by
// default. Containers' ranges (from 524288) are ordinary, as is nobody (65534): many programs share it.
Account account_of(std::string_view uid) {
  constexpr uint64_t last_system = 999;
  constexpr uint64_t first_dynamic = 61184;
  constexpr uint64_t last_dynamic = 65519;
  const auto number = parse_number(uid);
  if (!number) {
    return Account::unknown;
  }
  if (*number == 0) {
    return Account::root;
  }
  const bool system = *number <= last_system || (*number >= first_dynamic && *number <= last_dynamic);
  return system ? Account::system : Account::ordinary;
}

template <size_t count>
bool contains_any(std::string_view text, const std::array<std::string_view, count>& parts) {
  return std::ranges::any_of(parts,
                             [text](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

// By the control groups that Docker, Podman, CRI-O, containerd, Kubernetes, LXC and systemd-nspawn make. Podman's
// monitor is the host's own process.
bool is_in_container(std::string_view cgroup) {
  static constexpr std::array<std::string_view, 10> marks = {
      "/docker-",        "/docker/",  "/libpod-", "/libpod_parent", "/crio-",
      "cri-containerd-", "/kubepods", "/lxc/",    "/lxc.",          "/machine.slice/"};
  return contains_any(cgroup, marks) && cgroup.find("/libpod-conmon-") == std::string_view::npos;
}

bool is_container_runtime(std::string_view comm) { return comm == "dockerd" || comm == "conmon"; }

bool is_in_session(std::string_view unit, std::string_view cgroup) {
  return unit.starts_with("user@") || unit.starts_with("session-") || cgroup.starts_with("/user.slice");
}

// "ssh" of "ssh.service" and of "ssh@3-192.0.2.1:22-198.51.100.7:4242.service"; empty for anything but a service.
std::string_view service_of(std::string_view unit) {
  constexpr std::string_view suffix = ".service";
  if (!unit.ends_with(suffix)) {
    return {};
  }
  unit.remove_suffix(suffix.size());
  return unit.substr(0, unit.find('@'));
}

// Services under whose control group the programs of those run whom they let in.
bool runs_programs_of_users(std::string_view service) {
  static constexpr std::array<std::string_view, 27> services = {"ssh",
                                                                "sshd",
                                                                "dropbear",
                                                                "tinyssh",
                                                                "telnet",
                                                                "telnetd",
                                                                "inetd",
                                                                "xinetd",
                                                                "login",
                                                                "getty",
                                                                "serial-getty",
                                                                "console-getty",
                                                                "container-getty",
                                                                "autovt",
                                                                "cron",
                                                                "crond",
                                                                "cronie",
                                                                "anacron",
                                                                "fcron",
                                                                "atd",
                                                                "xrdp-sesman",
                                                                "gdm",
                                                                "sddm",
                                                                "lightdm",
                                                                "slurmd",
                                                                "display-manager",
                                                                "cockpit-session"};
  return std::ranges::find(services, service) != services.end();
}

// Letters alone, small, without a daemon's final d.
struct Canonical {
  std::array<char, 64> letters{};
  size_t size = 0;
  [[nodiscard]] std::string_view view() const { return {letters.data(), size}; }
};

Canonical canonical(std::string_view name) {
  Canonical result;
  for (const char c : name) {
    if (is_letter(c) && result.size < result.letters.size()) {
      result.letters.at(result.size++) = to_lower(c);
    }
  }
  if (result.size > 1 && result.letters.at(result.size - 1) == 'd') {
    --result.size;
  }
  return result;
}

// The identifier, or a part of it: "postfix/submission/smtpd" is said by smtpd of postfix, "pop(pam_unix)" by pop,
// "ovpn-server" by openvpn.
template <typename Agrees>
bool any_part(std::string_view identifier, const Agrees& agrees) {
  const auto head = identifier.substr(0, identifier.find_first_of("/("));
  const auto tail = identifier.substr(identifier.rfind('/') + 1);
  return agrees(identifier) || agrees(head) || agrees(tail) || (head.starts_with("ovpn-") && agrees("openvpn"));
}

// Folders that only root writes to.
bool is_installed(std::string_view exe) {
  static constexpr std::array<std::string_view, 7> folders = {"/usr/", "/bin/",  "/sbin/",     "/lib",
                                                              "/opt/", "/snap/", "/nix/store/"};
  return std::ranges::any_of(folders, [exe](std::string_view folder) { return exe.starts_with(folder); });
}

bool agrees_with_process(std::string_view identifier, std::string_view exe, std::string_view comm) {
  if (!exe.empty()) {
    constexpr std::string_view deleted = " (deleted)";  // proc(5): an upgrade replaced it
    if (exe.ends_with(deleted)) {
      exe.remove_suffix(deleted.size());
    }
    const auto name = exe.substr(exe.rfind('/') + 1);
    return is_installed(exe) &&
           any_part(identifier, [name](std::string_view part) { return is_same_service(part, name); });
  }
  constexpr size_t longest_comm = 15;  // TASK_COMM_LEN, prctl(2)
  return any_part(identifier, [comm](std::string_view part) {
    return is_same_service(part, comm) || (comm.size() == longest_comm && part.starts_with(comm));
  });
}

// Services that write to standard output are logged under their interpreter's name unless SyslogIdentifier= says
// otherwise: their unit says more.
bool is_interpreter(std::string_view name) {
  static constexpr std::array<std::string_view, 12> interpreters = {"java", "node", "python", "perl",   "ruby", "php",
                                                                    "bash", "sh",   "dash",   "dotnet", "mono", "deno"};
  constexpr std::string_view version = "0123456789.";
  const size_t last = name.find_last_not_of(version);
  name = name.substr(0, last == std::string_view::npos ? 0 : last + 1);
  return std::ranges::find(interpreters, name) != interpreters.end();
}

std::string_view first_of(std::string_view a, std::string_view b, std::string_view c) {
  if (!a.empty()) {
    return a;
  }
  return b.empty() ? c : b;
}

// The administrator's name for the container; Docker's tag is the beginning of the id by default.
std::string_view container_program(const JournalEntry& entry) {
  const auto tag = entry[JournalField::identifier];
  const bool is_id = tag.empty() || entry[JournalField::container_id].starts_with(tag);
  return is_id ? entry[JournalField::container_name] : tag;
}

bool is_believed(const JournalEntry& entry, Account account, const NamedSenders& named) {
  const auto unit = entry[JournalField::unit];
  const auto cgroup = entry[JournalField::cgroup];
  const auto service = service_of(unit);
  if (account == Account::root && !is_in_container(cgroup)) {
    return true;
  }
  if (account == Account::unknown || entry.has_many_identifiers()) {
    return false;
  }
  if (names_unit(named, unit) && !runs_programs_of_users(service)) {
    return true;
  }
  if (account == Account::root || is_in_container(cgroup) || is_in_session(unit, cgroup)) {
    return false;
  }
  const auto identifier = entry[JournalField::identifier];
  const bool agrees_with_unit =
      !service.empty() && (identifier.empty() || any_part(identifier, [service](std::string_view part) {
                             return is_same_service(part, service);
                           }));
  if (account == Account::ordinary) {
    return agrees_with_unit && !runs_programs_of_users(service);
  }
  return agrees_with_unit || std::ranges::find(named.identifiers, identifier) != named.identifiers.end() ||
         agrees_with_process(identifier, entry[JournalField::exe], entry[JournalField::comm]);
}

}  // namespace

bool is_same_service(std::string_view name, std::string_view other) {
  const auto left = canonical(name);
  return left.size > 0 && left.view() == canonical(other).view();
}

bool names_unit(const NamedSenders& named, std::string_view unit) {
  return !unit.empty() && std::ranges::any_of(named.units, [unit](const std::string& glob) {
    return glob == unit || (has_wildcards(glob) && glob_matches(glob, std::string(unit)));
  });
}

bool is_chosen(const JournalEntry& entry, const NamedSenders& named) {
  const auto identifier = entry[JournalField::identifier];
  const auto container = entry[JournalField::container_name];
  const auto is = [&](const std::string& name) {
    return name == identifier || (!container.empty() && name == container);
  };
  return (named.units.empty() || names_unit(named, entry[JournalField::unit])) &&
         (named.identifiers.empty() || std::ranges::any_of(named.identifiers, is));
}

Attribution attribute(const JournalEntry& entry, const NamedSenders& named) {
  const auto transport = entry[JournalField::transport];
  const auto identifier = entry[JournalField::identifier];
  const auto comm = entry[JournalField::comm];
  if (transport == "kernel" || transport == "audit" || transport == "driver") {
    return {.trusted = true, .program = first_of(identifier, transport, {})};
  }
  const auto account = account_of(entry[JournalField::uid]);
  if (!is_believed(entry, account, named)) {
    return {.trusted = false, .program = first_of(comm, identifier, "?")};
  }
  if (!entry[JournalField::container_name].empty() && account == Account::root && is_container_runtime(comm)) {
    return {.trusted = true, .program = container_program(entry), .is_container = true};
  }
  const auto service = service_of(entry[JournalField::unit]);
  if (transport == "stdout" && !service.empty() && is_interpreter(identifier)) {
    return {.trusted = true, .program = service};
  }
  return {.trusted = true, .program = first_of(identifier, service, first_of(comm, "-", {}))};
}

}  // namespace ipguard::input
