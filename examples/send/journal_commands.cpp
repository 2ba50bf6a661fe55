// send/journal_commands - open a view, print it. One thread.
#include "journal_commands.hpp"
#include <fmt/format.h>
#include <broadside/environment.hpp>
#include <broadside/journal.hpp>
#include <cstdio>
#include <string>
#include "journal_report.hpp"
#include "output_file.hpp"

namespace broadside::send {
namespace {

exit_code fail(exit_code code, std::string_view text) {
  fmt::print(stderr, "error: {}\n", text);
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

/// Standard output, or a file.
class export_file {
 public:
  bool open(const std::string& path) { return path == "-" || file_.open(path, output_file::mode::replace); }
  bool write(std::string_view text) {
    if (file_.is_open()) file_.write(text);
    return file_.is_open() ? file_.error().empty() : std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  }
  bool close() { return file_.is_open() ? file_.close() : std::fflush(stdout) == 0; }
  [[nodiscard]] std::string error() const {
    return file_.error().empty() ? "standard output cannot be written" : file_.error();
  }

 private:
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
  fmt::print("{}", text);
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
  written = out.close() && written;
  if (failed) return fail(exit_code::journal_failed, failed.message());
  return written ? code : fail(exit_code::output_failed, out.error());
}

}  // namespace broadside::send
