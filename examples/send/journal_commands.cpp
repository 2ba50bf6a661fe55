// send/journal_commands - open a view, print it. One thread.
#include "journal_commands.hpp"
#include <fmt/format.h>
#include <broadside/environment.hpp>
#include <broadside/journal.hpp>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include "journal_report.hpp"
#include "output_file.hpp"
#include "tell.hpp"

namespace broadside::send {
namespace {

exit_code fail(exit_code code, std::string_view text) {
  tell(fmt::format("error: {}\n", text));
  return code;
}

/// Nothing: what is wrong was said.
std::optional<journal_view> open_view(const command& from, exit_code& code) {
  const std::string path = journal_of(from);
  if (path.empty()) {
    code = fail(exit_code::wrong_usage, "name the campaign file, or its journal with --journal DIR");
    return std::nullopt;
  }
  auto view = journal_view::open(path);
  if (view) return std::move(*view);
  code =
      fail(exit_code::journal_failed, fmt::format("the journal {} cannot be read: {}", path, view.error().message()));
  return std::nullopt;
}

/// Standard output, or a file. A regular file is written beside itself and takes its name when it is whole: what it had
/// before stays until then.
class export_file {
 public:
  ~export_file() { drop(); }

  bool open(const std::string& path) {
    if (path == "-") return true;
    std::error_code unused;
    const std::filesystem::path wanted(path);
    if (std::filesystem::exists(wanted, unused) && !std::filesystem::is_regular_file(wanted, unused)) {
      return file_.open(path, output_file::mode::replace);
    }
    const std::filesystem::path target = std::filesystem::weakly_canonical(wanted, unused);  // behind a link
    target_ = target.empty() ? path : target.string();
    if (std::string wrong = hindrance(target_); !wrong.empty()) {
      error_ = std::move(wrong);
      return false;
    }
    const std::string part = target_ + ".part";
    if (!file_.open(part, output_file::mode::replace)) return false;
    part_ = part;
    return true;
  }

  bool write(std::string_view text) {
    if (file_.is_open()) file_.write(text);
    return file_.is_open() ? file_.error().empty() : std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  }

  /// Keeps what was written, all of it.
  bool finish() {
    if (!file_.is_open()) return is_printed();
    if (!file_.sync() || !file_.close()) return false;
    if (part_.empty()) return true;
    std::error_code failed;
    const auto was = std::filesystem::status(target_, failed);
    if (std::filesystem::exists(was)) std::filesystem::permissions(part_, was.permissions(), failed);
    std::filesystem::rename(part_, target_, failed);
    if (failed) error_ = fmt::format("{}: {}", target_, failed.message());
    if (!failed) part_.clear();
    return !failed;
  }

  [[nodiscard]] std::string error() const {
    if (!error_.empty()) return error_;
    return file_.error().empty() ? "standard output cannot be written" : file_.error();
  }

 private:
  void drop() noexcept {
    std::error_code unused;
    if (!part_.empty()) std::filesystem::remove(part_, unused);
  }

  std::string target_;
  std::string part_;
  std::string error_;
  output_file file_;
};

}  // namespace

exit_code run_status(const command& from) {
  exit_code code = exit_code::done;
  const auto view = open_view(from, code);
  if (!view) return code;
  const std::string path = journal_of(from);
  const std::string text =
      from.json ? status_json(path, *view) : status_table(path, *view, environment::system().wall_now());
  print(text);
  return code;
}

exit_code run_export(const command& from) {
  if (const auto wrong = check_export(from)) return fail(exit_code::wrong_usage, *wrong);
  exit_code code = exit_code::done;
  const auto view = open_view(from, code);
  if (!view) return code;
  export_file out;
  if (!out.open(from.export_to)) return fail(exit_code::output_failed, out.error());
  const bool lines = from.format == "jsonl" || (from.format.empty() && from.export_to.ends_with(".jsonl"));
  const privacy shown = from.show_numbers ? privacy::plain : privacy::masked;
  bool written = lines || out.write(export_header);
  std::string text;
  const error_code failed = view->outcomes([&](const event& e) {
    const auto c = static_cast<std::size_t>(e.campaign);
    const std::string_view key = c < view->campaigns().size() ? std::string_view(view->campaigns()[c].key) : "";
    if (!from.export_key.empty() && key != from.export_key) return true;
    text.clear();
    if (lines) {
      append_json(text, e, view->context(e.campaign, e.route), shown);
      text += '\n';
    } else {
      append_export_row(text, e, view->context(e.campaign, e.route), key, shown);
    }
    written = written && out.write(text);
    return written;
  });
  if (failed) return fail(exit_code::journal_failed, failed.message());
  return written && out.finish() ? code : fail(exit_code::output_failed, out.error());
}

}  // namespace broadside::send
