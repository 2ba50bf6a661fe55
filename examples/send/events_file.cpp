// send/events_file - append_json and a look at the file's end. One thread.
#include "events_file.hpp"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <string_view>
#include <vector>

namespace broadside::send {
namespace {

constexpr std::size_t block_bytes = 256 * 1024;
constexpr std::uint64_t out_of_order_max = 4096;   // shards tell their events beside each other
constexpr std::size_t line_bytes_max = 64 * 1024;  // longer than any event: not one of ours

void add_id(std::string_view line, std::unordered_set<std::uint64_t>& out) {
  constexpr std::string_view name = R"("message_id":")";  // never inside a value: there its quotes are escaped
  const std::size_t at = line.find(name);
  if (at == std::string_view::npos) return;
  const std::size_t begin = at + name.size();
  if (const auto id = parse_message_id(line.substr(begin, line.find('"', begin) - begin)); id.has_value()) {
    out.insert(static_cast<std::uint64_t>(*id));
  }
}

/// Whether what stands behind the last line end was begun by append_json().
bool is_torn_event(std::string_view tail) {
  constexpr std::string_view begins = R"({"status":")";
  return tail.size() < line_bytes_max && (tail.starts_with(begins) || begins.starts_with(tail));
}

/// Whole lines from the end of `text` on, newest first, until `lines` are over. What is left of `text` is the head of a
/// line that begins before it.
std::string_view take_lines(std::string_view text, std::uint64_t& lines, std::unordered_set<std::uint64_t>& out) {
  while (lines > 0 && !text.empty()) {
    const std::string_view before = text.substr(0, text.size() - 1);  // without the line's own end
    const std::size_t end = before.rfind('\n');
    if (end == std::string_view::npos) break;
    add_id(before.substr(end + 1), out);
    --lines;
    text = text.substr(0, end + 1);
  }
  return text;
}

}  // namespace

std::unordered_set<std::uint64_t> ids_at_the_end(const std::string& path, std::uint64_t lines) {
  std::unordered_set<std::uint64_t> out;
  struct stat about {};
  if (lines == 0 || ::stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return out;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return out;
  std::string text;  // the head of a line, then what was read already
  off_t at = about.st_size;
  while (at > 0 && lines > 0 && text.size() < line_bytes_max) {
    const auto n = static_cast<std::size_t>(std::min<off_t>(at, static_cast<off_t>(block_bytes)));
    std::string block(n, '\0');
    at -= static_cast<off_t>(n);
    if (::pread(fd, block.data(), n, at) != static_cast<ssize_t>(n)) break;
    block += text;
    if (at == 0) block.insert(0, 1, '\n');  // the first line begins behind nothing
    text = take_lines(block, lines, out);
  }
  ::close(fd);
  return out;
}

bool events_file::open(const std::string& path, output_file::mode how, std::uint64_t told_again) {
  if (!file_.open(path, how, is_torn_event)) return false;
  if (told_again > 0) there_ = ids_at_the_end(path, told_again + out_of_order_max);
  return true;
}

void events_file::add(const event& e, const event_context& context) {
  if (!file_.is_open() || there_.erase(static_cast<std::uint64_t>(e.id)) > 0) return;
  json_.clear();
  append_json(json_, e, context, privacy_);
  json_ += '\n';
  file_.write(json_);
}

}  // namespace broadside::send
