// send/whole_file - read until the end or the bound. One thread.
#include "whole_file.hpp"
#include <array>
#include "audience_input.hpp"

namespace broadside::send {

std::optional<std::string> read_whole(const std::string& path, std::size_t bytes_max, std::string& error) {
  audience_input file;
  std::string out;
  std::array<char, 16 * 1024> chunk{};
  if (file.open(path)) {
    while (out.size() <= bytes_max) {
      const std::size_t n = file.read(chunk);
      if (n == 0 && file.at_end()) break;
      if (n == 0) file.wait();
      out.append(chunk.data(), n);
    }
  }
  error = file.error();
  if (!error.empty()) return std::nullopt;
  if (out.size() > bytes_max) out.resize(bytes_max + 1);
  return out;
}

}  // namespace broadside::send
