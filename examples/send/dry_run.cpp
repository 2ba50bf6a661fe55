// send/dry_run - look at the media, read, render, count. One thread.
#include "dry_run.hpp"
#include <fmt/format.h>
#include <algorithm>
#include <broadside/campaign.hpp>
#include <broadside/environment.hpp>
#include <broadside/pace.hpp>
#include <cstdio>
#include <utility>
#include <vector>
#include "audience_rows.hpp"
#include "explain.hpp"
#include "fallback_sum.hpp"
#include "findings.hpp"
#include "media_look.hpp"
#include "media_text.hpp"
#include "tell.hpp"

namespace broadside::send {
namespace {

constexpr std::uint64_t messages_shown = 3;
constexpr std::size_t text_shown_max = 2'000;

class checker {
 public:
  checker(const setup& with, media_look media, campaign_preview preview, audience_input& input, const run_options& how)
      : setup_(with),
        media_(std::move(media)),
        preview_(std::move(preview)),
        input_(input),
        how_(how),
        read_(input, with_columns(how.rows, with.columns)),
        rejects_(how.book.numbers) {}

  exit_code run() {
    if (!how_.book.rejects_path.empty() && !rejects_.open(how_.book.rejects_path)) return output_failed();
    rejects_.begin();
    if (!read_rows()) return exit_code::audience_unreadable;
    if (!rejects_.file().close()) return output_failed();
    print_sum();
    if (!input_.error().empty()) {
      tell(fmt::format("error: {}\n", input_.error()));
      return exit_code::audience_unreadable;
    }
    if (has_errors(media_.findings)) return exit_code::wrong_usage;
    return sendable_ == rows_ ? exit_code::done : exit_code::done_with_losses;
  }

 private:
  exit_code output_failed() {
    tell(fmt::format("error: {}\n", rejects_.file().error()));
    return exit_code::output_failed;
  }

  bool read_rows() {
    audience_batch batch;
    for (auto step = read_.next(batch); step != audience_step::more; step = read_.next(batch)) {
      if (step == audience_step::unusable) {
        for (const std::string& each : read_.errors()) {
          tell(fmt::format("error: {}: {}\n", how_.audience, printable(each, 300)));
        }
        return false;
      }
      rows_ += batch.lines.size();
      if (step == audience_step::bad_row) reject(row_at(batch, 0), name_of(batch.fault), explain(batch.fault), {});
      for (std::size_t i = 0; i < batch.recipients.size(); ++i) check(batch.recipients[i], row_at(batch, i));
    }
    return true;
  }

  void check(const recipient& who, const audience_row& row) {
    const auto rendered = preview_.render(who, parts_);
    if (!rendered.has_value()) {
      const auto reason = static_cast<errc>(rendered.error().value());
      return reject(row, name_of(reason), message_of(reason), who.to);
    }
    if (!fits(who, setup_.options.recipient_bytes_max)) {
      return reject(row, name_of(errc::recipient_too_large), message_of(errc::recipient_too_large), who.to);
    }
    if (setup_.campaign.fallback.enabled) fallback_.add(parts_.fallback_size);
    if (sendable_++ < messages_shown) print_message(row);
  }

  void reject(const audience_row& row, std::string_view reason, std::string_view why, std::string_view to) {
    const auto found = reasons_.find(reason);
    ++(found != reasons_.end() ? found->second : reasons_[std::string(reason)]);
    rejects_.add(row.line, row.number, reason, why, to);
  }

  void print_message(const audience_row& row) const {
    const bool plain = how_.book.numbers == privacy::plain;
    print(fmt::format("--- message {} (line {}) to {}\n", sendable_, row.line, plain ? parts_.to : masked(parts_.to)));
    if (!parts_.subject.empty()) print(fmt::format("subject: {}\n", printable(parts_.subject, text_shown_max)));
    if (!parts_.text.empty()) print(fmt::format("text: {}\n", printable(parts_.text, text_shown_max)));
    for (const media_link& media : setup_.campaign.media) {
      print(fmt::format("media: {} ({})\n", printable(media.url, text_shown_max), printable(media.mime_type, 128)));
    }
    if (parts_.fallback_text.empty()) return;
    const sms_size& size = parts_.fallback_size;
    print(fmt::format("as SMS: {}\n  ({})\n", printable(parts_.fallback_text, text_shown_max),
                      size_text(size, price_of(size.parts, setup_.campaign.fallback.part_price_micros))));
  }

  void print_sum() const {
    print(fmt::format("Dry run of \"{}\": nothing was sent\n", printable(setup_.campaign.name, 255)));
    print(fmt::format("  {:<12}{:>12}\n  {:<12}{:>12}\n  {:<12}{:>12}\n", "rows read", rows_, "would send", sendable_,
                      "would not", rows_ - sendable_));
    for (const auto& [reason, count] : reasons_) print(fmt::format("    {:<30}{:>12}\n", reason, count));
    for (const route_share& share : setup_.campaign.sender.routes) {
      print(fmt::format("  route {} (weight {})\n", printable(share.route, 64), share.weight));
    }
    print_pace();
    if (setup_.campaign.fallback.enabled && sendable_ > 0) {
      print(fallback_.text(setup_.campaign.fallback.part_price_micros));
    }
    if (setup_.forecast) print(forecast_text(*setup_.forecast));
    print_media();
    if (sendable_ != rows_ && !how_.book.rejects_path.empty())
      print(fmt::format("Rows to mend are in {}\n", how_.book.rejects_path));
    if (has_errors(media_.findings)) print("The campaign would not be launched: its media are refused\n");
  }

  void print_pace() const {
    const auto pace = expect_pace(setup_.campaign, setup_.options, sendable_, environment::system().wall_now());
    if (!pace || sendable_ == 0) return;
    if (const std::string line = duration_line(*pace); !line.empty()) print(fmt::format("  {}\n", line));
    for (const std::string& each : pace->warnings) print(fmt::format("  warning: {}\n", each));
  }

  void print_media() const {
    const std::vector<media_link>& media = setup_.campaign.media;
    if (media.empty()) return;
    if (!media_.looked) return print(fmt::format("Media: not looked at, as preflight.mode is \"off\"\n"));
    print("Media:\n");
    for (std::size_t i = 0; i < media.size(); ++i) {
      print(fmt::format("  {}: {}\n", printable(media[i].url, text_shown_max), media_text(media_.reports[i])));
    }
    for (const finding& each : media_.findings) print(fmt::format("  {}\n", finding_line(each)));
  }

  const setup& setup_;
  const media_look media_;
  campaign_preview preview_;
  audience_input& input_;
  const run_options& how_;
  audience_rows read_;
  rejects_file rejects_;
  message_parts parts_;
  std::uint64_t rows_ = 0;
  std::uint64_t sendable_ = 0;
  fallback_sum fallback_;
  reason_counts reasons_;
};

}  // namespace

exit_code dry_run(const setup& with, audience_input& input, const run_options& how) {
  auto preview = campaign_preview::compile(with.campaign, with.options.routes, with.options.profiles);
  if (!preview.has_value()) {
    tell(fmt::format("error: the campaign cannot be launched\n{}\n", preview.error().message()));
    return exit_code::wrong_usage;
  }
  auto media = look_at_media(with);
  if (!media.has_value()) {
    tell(fmt::format("error: the media cannot be looked at\n{}\n", media.error().message()));
    return exit_code::wrong_usage;
  }
  return checker(with, std::move(*media), std::move(*preview), input, how).run();
}

}  // namespace broadside::send
