// bench/text_bench - what measuring and splitting an SMS costs, beside the obvious way: one code point after another,
// a map of the alphabet, a grapheme break asked for at each.
//
// Both do the same work (well-formedness, encoding, cuts that keep clusters) and must give the same answer before
// either is timed. `mallocs` is the number of operator new calls of one call, `bytes_per_second` is of UTF-8.
#include <benchmark/benchmark.h>
#include <utf8proc.h>
#include <algorithm>
#include <broadside/sms.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <sms/scan.hpp>
#include <string>
#include <string_view>
#include <text/utf8.hpp>
#include <unordered_map>
#include <vector>
#include "support/malloc_count.hpp"

namespace {

using broadside::sms_encoding;

/// Sizes of the parts; empty when the text is not UTF-8.
using part_sizes = std::vector<std::uint16_t>;

// The obvious way.

std::unordered_map<char32_t, std::uint8_t> make_alphabet() {
  std::unordered_map<char32_t, std::uint8_t> septets;
  for (const char32_t c : std::u32string_view(
           U"@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
           U"abcdefghijklmnopqrstuvwxyzäöñüà")) {
    septets.emplace(c, std::uint8_t{1});
  }
  for (const char32_t c : std::u32string_view(U"\f^{}\\[~]|€")) septets.emplace(c, std::uint8_t{2});
  return septets;
}

const std::unordered_map<char32_t, std::uint8_t> alphabet = make_alphabet();

class code_point_reader {
 public:
  explicit code_point_reader(std::string_view text) : text_(text) {}

  /// False: the end, or what is not UTF-8.
  bool next(char32_t& c) {
    utf8proc_int32_t read = -1;
    const auto n = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text_.data()) + at_,
                                    static_cast<utf8proc_ssize_t>(text_.size() - at_), &read);
    if (n <= 0) return false;
    at_ += static_cast<std::size_t>(n);
    c = static_cast<char32_t>(read);
    return true;
  }
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

struct obvious_size {
  bool valid = true;
  sms_encoding encoding = sms_encoding::gsm7;
  std::size_t units = 0;
};

std::uint8_t units_of(char32_t c, sms_encoding encoding) {
  if (encoding == sms_encoding::ucs2) return c >= 0x10000 ? 2 : 1;
  return alphabet.find(c)->second;
}

obvious_size obvious_measure(std::string_view text) {
  std::size_t septets = 0;
  std::size_t utf16 = 0;
  bool gsm7 = true;
  code_point_reader reader(text);
  for (char32_t c = 0; reader.next(c);) {
    const auto found = alphabet.find(c);
    if (found == alphabet.end()) {
      gsm7 = false;
    } else {
      septets += found->second;
    }
    utf16 += c >= 0x10000 ? 2 : 1;
  }
  return {reader.at_end(), gsm7 ? sms_encoding::gsm7 : sms_encoding::ucs2, gsm7 ? septets : utf16};
}

/// Clusters first, then parts of clusters. (None of the texts has a cluster that fits no part.)
void obvious_split(std::string_view text, part_sizes& out) {
  out.clear();
  const obvious_size size = obvious_measure(text);
  if (!size.valid || size.units == 0) return;
  const bool gsm7 = size.encoding == sms_encoding::gsm7;
  if (size.units <= (gsm7 ? 160U : 70U)) return out.push_back(static_cast<std::uint16_t>(size.units));
  const std::size_t limit = gsm7 ? 153 : 67;
  std::size_t part = 0;
  std::size_t cluster = 0;
  char32_t before = 0;
  utf8proc_int32_t state = 0;
  const auto put_cluster = [&] {
    if (part + cluster > limit) {
      out.push_back(static_cast<std::uint16_t>(part));
      part = 0;
    }
    part += cluster;
    cluster = 0;
  };
  code_point_reader reader(text);
  for (char32_t c = 0; reader.next(c); before = c) {
    const bool boundary = utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(before),
                                                           static_cast<utf8proc_int32_t>(c), &state);
    if (cluster > 0 && (boundary || c == U'\n')) put_cluster();
    cluster += units_of(c, size.encoding);
  }
  put_cluster();
  out.push_back(static_cast<std::uint16_t>(part));
}

// Texts.

std::string filled(std::string_view piece, std::size_t code_points) {
  const std::size_t each = broadside::text::count_code_points(piece);
  std::string text;
  for (std::size_t n = 0; n + each <= code_points; n += each) text += piece;
  text.append(code_points - broadside::text::count_code_points(text), '.');
  return text;
}

struct named_text {
  const char* name;
  std::string text;
};

const std::vector<named_text>& texts() {
  static const std::vector<named_text> all{
      {"ascii_160",
       filled("Hi Zoe, your order 1234 ships today. Track it at example.com/t/9 - reply STOP to opt out. ", 160)},
      {"accents_160", filled("Olé Zoë: été à Genève, 20% für Sie. ¡Hasta mañana, señor Müller! ", 160)},
      {"brackets_1600", filled("Prices [in €]: {10|20|30}~ ", 1600)},
      {"ascii_1600",
       filled("Hi Zoe, your order 1234 ships today. Track it at example.com/t/9 - reply STOP to opt out. ", 1600)},
      {"emoji_70", filled("Sale 🎉 today only 👍🏽! ", 60)},
      {"cyrillic_1600", filled("Здравствуйте, ваш заказ 1234 отправлен сегодня. ", 1600)},
      {"chinese_1600", filled("您好，您的订单今天发货。感谢惠顾！", 1600)},
      {"emoji_1600",
       filled("Sale 🎉🎁 today 👨\u200D👩\u200D👧 only 👍🏽! ❤\uFE0F 🇺🇸🇨🇦 ", 1600)},
      {"flags_1600", filled("🇺🇸🇨🇦", 1600)},
      {"tamil_1600", filled("வணக்கம், உங்கள் ஆர்டர் இன்று அனுப்பப்படுகிறது. ", 1600)},
  };
  return all;
}

// The benches.

template <class Call>
double mallocs_of(Call call) {
  call();  // what is kept between calls is taken now
  broadside::bench::start_counting_mallocs();
  for (int n = 0; n < 100; ++n) call();
  return static_cast<double>(broadside::bench::stop_counting_mallocs()) / 100;
}

template <class Call>
void run(benchmark::State& state, std::string_view text, Call call) {
  const double mallocs = mallocs_of(call);
  for (auto _ : state) {
    benchmark::DoNotOptimize(text);
    benchmark::ClobberMemory();
    call();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
  state.counters["mallocs"] = mallocs;
}

void require_same_answers() {
  broadside::sms_parts room;
  for (const auto& [name, text] : texts()) {
    const auto ours = broadside::split_sms(text, room);
    part_sizes theirs;
    obvious_split(text, theirs);
    const bool same = ours && std::equal(ours->parts.begin(), ours->parts.end(), theirs.begin(), theirs.end(),
                                         [](const auto& part, std::uint16_t units) { return part.units == units; });
    if (same) continue;
    std::fprintf(stderr, "%s: the two ways of splitting differ\n", name);
    std::exit(1);
  }
}

void register_text(const named_text& each) {
  const std::string_view text = each.text;
  const auto name = [&each](const char* what) { return std::string(what) + "/" + each.name; };
  benchmark::RegisterBenchmark(name("split_sms").c_str(), [text](benchmark::State& state) {
    broadside::sms_parts room;
    run(state, text, [&] { benchmark::DoNotOptimize(broadside::split_sms(text, room)); });
  });
  benchmark::RegisterBenchmark(name("split_obvious").c_str(), [text](benchmark::State& state) {
    part_sizes out;
    out.reserve(255);
    run(state, text, [&] {
      obvious_split(text, out);
      benchmark::DoNotOptimize(out.data());
    });
  });
}

/// Which encoding, and how many units: the part of the work that looks at every byte.
void register_scan(const char* which, const std::string& text) {
  benchmark::RegisterBenchmark((std::string("scan_sms/") + which).c_str(), [&text](benchmark::State& state) {
    run(state, text, [&] { benchmark::DoNotOptimize(broadside::sms::scan(text)); });
  });
  benchmark::RegisterBenchmark((std::string("scan_obvious/") + which).c_str(), [&text](benchmark::State& state) {
    run(state, text, [&] { benchmark::DoNotOptimize(obvious_measure(text)); });
  });
}

}  // namespace

int main(int argc, char** argv) {
  require_same_answers();
  const std::string plain = filled("Hi Zoe, your order 1234 ships today - reply STOP to opt out. ", 1U << 16U);
  const std::string brackets = filled("Prices [in USD]: {10|20|30}~ ", 1U << 16U);
  register_scan("ascii_65536", plain);
  register_scan("brackets_65536", brackets);
  for (const named_text& each : texts()) register_text(each);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
