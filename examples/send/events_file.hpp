// send/events_file - each event once, also when a crash came between its line and the engine's knowing of it.
//
// One thread. Memory: a number for each event that will be told again.
#pragma once

#include <broadside/event.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_set>
#include "output_file.hpp"

namespace broadside::send {

/// message_ids in the last `lines` whole lines of a file of events; none when it is no regular file.
[[nodiscard]] std::unordered_set<std::uint64_t> ids_at_the_end(const std::string& path, std::uint64_t lines);

class events_file {
 public:
  explicit events_file(privacy shown) : privacy_(shown) {}

  /// `told_again`: how many events the engine will tell although they may be in the file. They are looked for at its
  /// end: what is in front of them was confirmed.
  bool open(const std::string& path, output_file::mode, std::uint64_t told_again);
  void add(const event&, const event_context&);
  [[nodiscard]] output_file& file() noexcept { return file_; }
  [[nodiscard]] bool is_open() const noexcept { return file_.is_open(); }

 private:
  privacy privacy_;
  output_file file_;
  std::unordered_set<std::uint64_t> there_;
  std::string json_;
};

}  // namespace broadside::send
