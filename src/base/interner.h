// Interner: each different value once, by number, as long as anybody uses it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

namespace ipguard {

template <typename Value, typename Less = std::less<Value>>
class Interner {
 public:
  // The value's number; one more use of it.
  uint32_t add(const Value& value) {
    const auto [it, is_new] = numbers_.try_emplace(value, 0);
    if (is_new) {
      if (free_.empty()) {
        it->second = static_cast<uint32_t>(members_.size());
        members_.emplace_back();
      } else {
        it->second = free_.back();
        free_.pop_back();
      }
      members_[it->second].value = &it->first;
    }
    ++members_[it->second].uses;
    return it->second;
  }
  // One use less.
  void drop(uint32_t number) {
    Member& member = members_[number];
    if (--member.uses == 0) {
      numbers_.erase(numbers_.find(*member.value));
      free_.push_back(number);
    }
  }
  [[nodiscard]] const Value& operator[](uint32_t number) const { return *members_[number].value; }
  [[nodiscard]] size_t size() const { return numbers_.size(); }

 private:
  struct Member {
    const Value* value = nullptr;  // the key in numbers_
    uint32_t uses = 0;
  };
  std::map<Value, uint32_t, Less> numbers_;
  std::vector<Member> members_;  // by number
  std::vector<uint32_t> free_;
};

}  // namespace ipguard
