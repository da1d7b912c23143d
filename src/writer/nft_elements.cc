#include "writer/nft_elements.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include "base/text.h"
#include "enforce/nft_sets.h"
#include "writer/element_batch.h"

namespace ipguard::writer {

namespace {

// Each round takes every element that failed out of the transaction; an element needs at most four (alone, replaced,
// removal absent, failed), and lost answers (ENOBUFS) cost more.
constexpr int most_rounds = 64;

struct Pending {
  ElementOp op;
  bool removal = false;
  bool alone = false;     // its message failed: it gets one of its own, so that the kernel says whether it was this
  bool replaced = false;  // additions: a removal was put in front
  bool gone = false;      // decided: out of the transaction
};

struct Message {
  uint32_t sequence = 0;
  size_t first = 0;  // index into the round's operations
  size_t count = 0;
};

bool order(const ElementOp& a, const ElementOp& b) { return a.set != b.set ? a.set < b.set : a.first < b.first; }

// What comes from the planner is in order already.
void put_in_order(std::vector<ElementOp>& ops) {
  if (!std::ranges::is_sorted(ops, order)) {
    std::ranges::sort(ops, order);
  }
}

// The kernel's words: those of the error number, and what the kernel adds to it.
std::string in_words(const enforce::NetlinkSocket::MessageError& error) {
  std::string text = std::strerror(error.error_number);
  return error.words.empty() ? text : text + ": " + printable(error.words, 200);
}

class Transaction {
 public:
  Transaction(enforce::NetlinkSocket& socket, std::vector<ElementOp> removals, std::vector<ElementOp> additions,
              const std::vector<size_t>& flushed)
      : socket_(socket), flushed_(flushed) {
    put_in_order(removals);
    put_in_order(additions);
    removals_.reserve(removals.size());
    for (const ElementOp& op : removals) {
      removals_.push_back({.op = op, .removal = true});
    }
    additions_.reserve(additions.size());
    for (const ElementOp& op : additions) {
      additions_.push_back({.op = op});
    }
  }

  Result<std::vector<OpFailure>> run(uint32_t& commits) {
    for (int round = 0; round < most_rounds; ++round) {
      if (!collect()) {
        return std::move(failures_);
      }
      auto answer = send();
      if (!answer) {
        return std::unexpected(std::move(answer.error()));
      }
      if (answer->errors.empty() && answer->acknowledged) {
        ++commits;
        return std::move(failures_);
      }
      if (answer->errors.empty() && !answer->overrun) {
        return fail("cannot change nftables: the kernel did not answer");
      }
      if (auto learnt = learn(*answer); !learnt) {
        return std::unexpected(std::move(learnt.error()));
      }
    }
    return fail("cannot change nftables: elements keep failing");
  }

 private:
  // The operations of this round; false if none is left.
  bool collect() {
    current_.clear();
    const auto take = [&](std::vector<Pending>& all) {
      for (Pending& pending : all) {
        if (!pending.gone) {
          current_.push_back(&pending);
        }
      }
    };
    take(removals_);
    take(additions_);
    return !current_.empty() || !flushed_.empty();
  }

  Result<enforce::NetlinkSocket::BatchAnswer> send() {
    messages_.clear();
    ElementBatch batch(socket_);
    batch.begin();
    for (size_t i = 0; i < flushed_.size(); ++i) {
      batch.add_flush(flushed_[i], current_.empty() && i + 1 == flushed_.size());
    }
    std::vector<const ElementOp*> ops;
    for (size_t i = 0; i < current_.size();) {
      const Pending& head = *current_[i];
      ops.clear();
      size_t end = i;
      while (end < current_.size() && ops.size() < (head.alone ? 1 : ElementBatch::elements_per_message)) {
        const Pending& next = *current_[end];
        if (end > i && (next.alone || next.removal != head.removal || next.op.set != head.op.set)) {
          break;
        }
        ops.push_back(&next.op);
        ++end;
      }
      messages_.push_back({batch.add_message(head.removal, ops, end == current_.size()), i, end - i});
      i = end;
    }
    batch.end();
    return socket_.send_batch(batch.bytes());
  }

  // Takes out, splits or replaces what the kernel complained about.
  Result<> learn(const enforce::NetlinkSocket::BatchAnswer& answer) {
    const auto concerns_removal = [&](const Message& message) { return current_[message.first]->removal; };
    std::vector<std::pair<Message, const enforce::NetlinkSocket::MessageError*>> failed;
    bool removal_failed = false;
    for (const auto& error : answer.errors) {
      const Message* message = find(error.sequence);
      if (message == nullptr) {
        if (error.error_number == EINTR || error.error_number == EAGAIN) {
          continue;
        }
        return fail_errno("cannot change nftables", error.error_number);  // the batch as a whole
      }
      failed.emplace_back(*message, &error);
      removal_failed = removal_failed || concerns_removal(*message);
    }
    for (const auto& [message, error] : failed) {
      // An addition may have failed only because the removal before it did: look at removals first.
      if (removal_failed && !concerns_removal(message)) {
        continue;
      }
      if (auto handled = handle(message, *error); !handled) {
        return handled;
      }
    }
    removals_.insert(removals_.end(), replacements_.begin(), replacements_.end());
    replacements_.clear();
    return {};
  }

  // Sequence numbers of a batch follow each other.
  [[nodiscard]] const Message* find(uint32_t sequence) const {
    if (messages_.empty()) {
      return nullptr;
    }
    const size_t index = sequence - messages_.front().sequence;
    return index < messages_.size() && messages_[index].sequence == sequence ? &messages_[index] : nullptr;
  }

  Result<> handle(const Message& message, const enforce::NetlinkSocket::MessageError& error) {
    const int error_number = error.error_number;
    if (error_number == EPERM || error_number == ENOMEM) {
      return fail_errno("cannot change nftables", error_number);
    }
    Pending& head = *current_[message.first];
    if (error_number == ENOENT && !head.removal) {
      return fail_errno("cannot add to set " + std::string(enforce::sets.at(head.op.set).name), error_number);
    }
    if (error_number == EINTR || error_number == EAGAIN) {
      return {};
    }
    if (message.count > 1) {
      for (size_t i = message.first; i < message.first + message.count; ++i) {
        current_[i]->alone = true;
      }
      return {};
    }
    if (error_number == ENOENT) {
      head.gone = true;  // expired or flushed: what was wanted
      return {};
    }
    if (error_number == EEXIST && !head.removal && !head.replaced) {
      head.replaced = true;
      Pending removal{.op = head.op, .removal = true, .alone = true};
      removal.op.tag = ElementOp::no_tag;
      replacements_.push_back(removal);
      return {};
    }
    head.gone = true;
    if (head.op.tag != ElementOp::no_tag) {
      const bool overlap = error_number == EEXIST;
      failures_.push_back({head.op.tag, overlap ? "it overlaps another element of the set" : in_words(error)});
    }
    return {};
  }

  enforce::NetlinkSocket& socket_;
  std::vector<size_t> flushed_;
  std::vector<Pending> removals_;
  std::vector<Pending> additions_;
  std::vector<Pending> replacements_;
  std::vector<Pending*> current_;
  std::vector<Message> messages_;
  std::vector<OpFailure> failures_;
};

}  // namespace

std::optional<std::chrono::milliseconds> kernel_timeout(std::optional<TimePoint> until, TimePoint now) {
  if (!until) {
    return std::nullopt;
  }
  return std::chrono::ceil<std::chrono::milliseconds>(std::max(*until, now) - now) + kernel_backstop;
}

Result<std::vector<OpFailure>> apply_elements(enforce::NetlinkSocket& socket, std::vector<ElementOp> removals,
                                              std::vector<ElementOp> additions, uint32_t& commits,
                                              const std::vector<size_t>& flushed) {
  return Transaction(socket, std::move(removals), std::move(additions), flushed).run(commits);
}

}  // namespace ipguard::writer
