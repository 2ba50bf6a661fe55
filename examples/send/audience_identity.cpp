// send/audience_identity - XXH3 over a file; a few lines of JSON beside the journal. One thread.
#include "audience_identity.hpp"
#include <fcntl.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>
#include "../check/json_writer.hpp"
#include "output_file.hpp"
#include "report.hpp"
#include "whole_file.hpp"

namespace broadside::send {
namespace {

constexpr std::size_t block_bytes = 1024 * 1024;
constexpr std::size_t notes_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t shown_max = 255;
constexpr std::size_t hash_digits = 16;

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

std::string notes_file(const std::string& folder) {
  return (std::filesystem::path(folder) / "audiences.jsonl").string();
}

std::string shown_name(const audience_identity& is) {
  return is.file == "-" ? "standard input" : printable(is.file, shown_max);
}

std::optional<audience_note> read_line(simdjson::dom::parser& parser, std::string_view line) {
  simdjson::dom::object object;
  if (parser.parse(line.data(), line.size()).get(object) != simdjson::SUCCESS) return std::nullopt;
  audience_note out;
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
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) {
    error = system_says(path, errno);
    return std::nullopt;
  }
  if (!S_ISREG(about.st_mode)) return audience_identity{"-", {}};  // a pipe: its name says nothing of what is in it
  audience_identity out{std::filesystem::path(path).filename().string(), {}};
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

std::string source_name(const audience_identity& is) { return is.hash.empty() ? is.file : is.file + "#" + is.hash; }

audience_identity identity_of(std::string_view source) {
  const std::size_t mark = source.rfind('#');
  const auto hash = mark == std::string_view::npos ? std::string_view() : source.substr(mark + 1);
  if (hash.size() != hash_digits || hash.find_first_not_of("0123456789abcdef") != std::string_view::npos)
    return {std::string(source), {}};
  return {std::string(source.substr(0, mark)), std::string(hash)};
}

namespace {

bool has_same_bytes(const audience_identity& a, const audience_identity& b) {
  return a.hash == b.hash && (a.file == b.file || !a.hash.empty());
}

void take_known(source_choice& out, const known_audience& known) {
  out.is_known = true;
  out.source = known.source;
  out.is_finished = known.finished;
  out.taken = known.taken;
}

std::string refusal_of_changed(const source_choice& of, const std::string& shown) {
  if (of.is_finished) {
    return fmt::format(
        "{} has changed since this campaign took it to its end: no more rows of it are taken. Put new rows into a file "
        "of their own, which is another audience of the campaign",
        shown);
  }
  return fmt::format(
      "{} is not the file that this campaign began with: its content has changed since, so its row numbers may mean "
      "other people. Put the old file back and run the same command; or add --changed-audience to go on with this "
      "one by row number; or give the campaign file another key to send to everybody in it",
      shown);
}

}  // namespace

source_choice choose_source(std::span<const known_audience> known, std::uint32_t run, const audience_identity& is,
                            changed_audience how) {
  const known_audience* same = nullptr;
  const known_audience* changed = nullptr;
  const known_audience* other = nullptr;
  source_choice out;
  out.source = source_name(is);
  for (const known_audience& each : known) {
    const bool same_bytes = has_same_bytes(is, each.is);
    const bool same_name = each.is.file == is.file;
    if (each.run != run) {
      if (each.run < run && (same_bytes || same_name)) out.sent_in = std::max(out.sent_in, each.run);
      continue;
    }
    if (same_bytes) same = &each;
    (same_name ? changed : other) = &each;
  }
  if (same != nullptr || changed != nullptr) out.sent_in = 0;
  const std::string shown = shown_name(is);
  if (same != nullptr) {
    take_known(out, *same);
    out.is_changed = !is.hash.empty() && identity_of(same->source).hash != is.hash;
    if (is.hash.empty()) out.notice = fmt::format("{} is resumed by row number: it must bring the same rows", shown);
  } else if (changed != nullptr) {
    take_known(out, *changed);
    out.is_changed = true;
    out.must_note = how == changed_audience::by_row_number;
    if (how == changed_audience::refuse) {
      out.refusal = refusal_of_changed(out, shown);
    } else {
      out.notice = fmt::format("{} has changed since the campaign began: going on by row number, as told", shown);
    }
  } else if (other != nullptr) {
    out.notice = fmt::format("{} is new in this campaign: all its rows are sent, beside those of {}", shown,
                             shown_name(other->is));
  }
  return out;
}

std::optional<std::vector<audience_note>> audience_notes::read(const std::string& folder, std::string& error) {
  std::vector<audience_note> out;
  const std::string path = notes_file(folder);
  if (std::error_code failed; !std::filesystem::exists(path, failed) && !failed) return out;
  const auto text = read_whole(path, notes_bytes_max, error);
  if (!text) return std::nullopt;
  if (text->size() > notes_bytes_max) {
    error = fmt::format("{}: longer than {} bytes", path, notes_bytes_max);
    return std::nullopt;
  }
  simdjson::dom::parser parser;
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = text->find('\n', at);
    if (end == std::string::npos) break;  // torn by a crash: it was not in force yet
    if (auto line = read_line(parser, std::string_view(*text).substr(at, end - at))) out.push_back(std::move(*line));
    at = end + 1;
  }
  return out;
}

std::string audience_notes::append(const std::string& folder, const audience_note& added) {
  checking::json_writer json;
  json.begin_object();
  json.member("key", added.key);
  json.member("file", added.is.file);
  json.member("hash", added.is.hash);
  json.member("source", added.source);
  json.end_object();
  output_file file;
  if (!file.open(notes_file(folder), output_file::mode::append)) return file.error();
  file.write("\n");  // ends a line that a crash tore; an empty one is skipped
  file.write(json.take());
  file.sync();
  file.close();
  return file.error();
}

}  // namespace broadside::send
