// send/audience_identity - XXH3 over a file; a few lines of JSON beside the journal. One thread.
#include "audience_identity.hpp"
#include <fcntl.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>
#include "../check/json_writer.hpp"
#include "report.hpp"
#include "whole_file.hpp"

namespace broadside::send {
namespace {

constexpr std::size_t block_bytes = 1024 * 1024;
constexpr std::size_t known_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t shown_max = 255;

/// A descriptor that is closed with its owner.
class descriptor {
 public:
  explicit descriptor(int fd) noexcept : fd_(fd) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

std::string system_says(const std::string& path, int code) {
  return fmt::format("{}: {}", path, std::generic_category().message(code));
}

std::optional<std::string> hash_of(const std::string& path, int fd, std::string& error) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), &XXH3_freeState);
  std::vector<char> block(block_bytes);
  XXH3_64bits_reset(state.get());
  while (true) {
    const ssize_t n = ::read(fd, block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      error = system_says(path, errno);
      return std::nullopt;
    }
    if (n == 0) return fmt::format("{:016x}", XXH3_64bits_digest(state.get()));
    XXH3_64bits_update(state.get(), block.data(), static_cast<std::size_t>(n));
  }
}

std::string known_file(const std::string& folder) {
  return (std::filesystem::path(folder) / "audiences.jsonl").string();
}

std::optional<known_audience> read_line(simdjson::dom::parser& parser, std::string_view line) {
  simdjson::dom::object object;
  if (parser.parse(line.data(), line.size()).get(object) != simdjson::SUCCESS) return std::nullopt;
  known_audience out;
  const auto text = [&](std::string_view name, std::string& to) {
    std::string_view value;
    if (object[name].get(value) != simdjson::SUCCESS) return false;
    to = value;
    return true;
  };
  const bool whole =
      text("key", out.key) && text("file", out.is.file) && text("hash", out.is.hash) && text("source", out.source);
  return whole ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace

std::optional<audience_identity> identify(const std::string& path, std::string& error) {
  if (path == "-") return audience_identity{"-", {}};
  audience_identity out{std::filesystem::path(path).filename().string(), {}};
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) {
    error = system_says(path, errno);
    return std::nullopt;
  }
  if (!S_ISREG(about.st_mode)) return out;
  const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    error = system_says(path, errno);
    return std::nullopt;
  }
  auto hash = hash_of(path, file.get(), error);
  if (!hash) return std::nullopt;
  out.hash = std::move(*hash);
  return out;
}

source_choice choose_source(std::span<const known_audience> known, std::string_view key, const audience_identity& is,
                            changed_audience how) {
  const known_audience* same = nullptr;
  const known_audience* changed = nullptr;
  const known_audience* other = nullptr;
  for (const known_audience& each : known) {
    if (each.key != key) continue;
    const bool same_name = each.is.file == is.file;
    if (is.hash == each.is.hash && (same_name || !is.hash.empty())) same = &each;
    (same_name ? changed : other) = &each;
  }
  source_choice out{is.hash.empty() ? is.file : is.file + "#" + is.hash, same != nullptr, same == nullptr, {}, {}};
  const std::string shown = is.file == "-" ? "standard input" : printable(is.file, shown_max);
  if (same != nullptr) {
    out.source = same->source;
    if (is.hash.empty()) out.notice = fmt::format("{} is resumed by row number: it must bring the same rows", shown);
  } else if (changed != nullptr && how == changed_audience::refuse) {
    out.refusal = fmt::format(
        "{} is not the file that this campaign began with: its content has changed since, so its row numbers may mean "
        "other people. Put the old file back and run the same command; or add --changed-audience to go on with this "
        "one by row number; or give the campaign file another key to send to everybody in it",
        shown);
  } else if (changed != nullptr) {
    out.source = changed->source;
    out.is_known = true;
    out.notice = fmt::format("{} has changed since the campaign began: going on by row number, as told", shown);
  } else if (other != nullptr) {
    out.notice = fmt::format("{} is new in this campaign: all its rows are sent, beside those of {}", shown,
                             printable(other->is.file, shown_max));
  }
  return out;
}

std::vector<known_audience> known_audiences::read(const std::string& folder) {
  std::vector<known_audience> out;
  std::string unused;
  const auto text = read_whole(known_file(folder), known_bytes_max, unused);
  if (!text) return out;
  simdjson::dom::parser parser;
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = text->find('\n', at);
    if (end == std::string::npos) break;  // torn by a crash: it was not in force yet
    if (auto line = read_line(parser, std::string_view(*text).substr(at, end - at))) out.push_back(std::move(*line));
    at = end + 1;
  }
  return out;
}

std::string known_audiences::append(const std::string& folder, const known_audience& added) {
  const std::string path = known_file(folder);
  const descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0600));
  if (file.get() < 0) return system_says(path, errno);
  std::string line = "\n";  // ends a line that a crash tore; an empty one is skipped
  checking::json_writer json;
  json.begin_object();
  json.member("key", added.key);
  json.member("file", added.is.file);
  json.member("hash", added.is.hash);
  json.member("source", added.source);
  json.end_object();
  line += json.take();
  const ssize_t written = ::write(file.get(), line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size())) return system_says(path, written < 0 ? errno : ENOSPC);
  if (::fsync(file.get()) != 0) return system_says(path, errno);
  return {};
}

}  // namespace broadside::send
