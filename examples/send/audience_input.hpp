// send/audience_input - the audience's bytes: a file, standard input, or a text in memory.
//
// One thread. Reads when asked to; only standard input can make a caller wait, so it has something to poll.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace broadside::send {

class audience_input {
 public:
  audience_input() = default;
  audience_input(const audience_input&) = delete;
  audience_input& operator=(const audience_input&) = delete;
  ~audience_input();

  /// "-" is standard input. False: see error().
  bool open(const std::string& path);
  void open_text(std::string text);

  /// Up to out.size() bytes; 0: the end, or see error().
  [[nodiscard]] std::size_t read(std::span<char> out);
  [[nodiscard]] bool at_end() const noexcept { return at_end_; }
  [[nodiscard]] const std::string& error() const noexcept { return error_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  /// Zero: not known.
  [[nodiscard]] std::uint64_t bytes_total() const noexcept { return bytes_total_; }
  /// What to poll() for reading before read(); -1: read() does not wait.
  [[nodiscard]] int waits_on() const noexcept { return waits_ ? fd_ : -1; }
  /// Waits until read() has something to say. A signal that ends the process ends this.
  void wait() const noexcept;

 private:
  bool fail(int code);

  int fd_ = -1;
  bool owned_ = false;
  bool waits_ = false;
  bool at_end_ = false;
  std::string text_;
  std::string name_;
  std::string error_;
  std::uint64_t bytes_ = 0;
  std::uint64_t bytes_total_ = 0;
};

}  // namespace broadside::send
