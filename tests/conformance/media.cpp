// tests/conformance/media - what files are: what makers meant, and what decoders made of them.
//
// A row is a line of the manifest; its file stands beside the manifest, in the folder that is the current one.
#include <array>
#include <broadside/media.hpp>
#include <cstdlib>
#include <string>
#include <text/json.hpp>
#include "mode.hpp"
#include "row.hpp"

namespace broadside::conformance {
namespace {

using namespace std::chrono_literals;

struct alias {
  std::string_view theirs;
  std::string_view ours;
};

// Other names of what we call by its registered one; and what nobody can name.
constexpr std::array aliases{
    alias{"audio/x-wav", "audio/wav"},
    alias{"audio/x-m4a", "audio/mp4"},
    alias{"video/x-m4v", "video/mp4"},
    alias{"video/3gpp2", "video/3gpp"},
    alias{"image/avif", "image/heif"},
    alias{"application/octet-stream", ""},
    alias{"inode/x-empty", ""},
    alias{"text/rtf", "text/plain"},
    alias{"application/x-dosexec", "application/octet-stream"},
    alias{"application/vnd.microsoft.portable-executable", "application/octet-stream"},
    alias{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/zip"},
};

// Media elsewhere, and no format of any list here.
constexpr std::array foreign{
    "audio/x-hx-aac-adts", "image/vnd.microsoft.icon", "image/tiff", "video/x-msvideo", "video/mpeg", "video/webm",
    "video/x-ms-asf"};

std::string_view our_name(std::string_view type) {
  for (const alias& each : aliases) {
    if (type == each.theirs) return each.ours;
  }
  for (const std::string_view each : foreign) {
    if (type == each) return "";
  }
  return type;
}

bool is_near(double a, double b) { return std::abs(a - b) <= std::max(0.02 * b, 0.0015); }

struct answer {
  media_facts facts{};

  [[nodiscard]] double seconds() const {
    return facts.duration ? std::chrono::duration<double>(*facts.duration).count() : 0;
  }
  std::string path{};
  [[nodiscard]] std::string json() const;
};

std::string answer::json() const {
  std::string out;
  text::json_writer json(out);
  json.begin_object();
  json.member("path", path);
  json.member("type", mime_type_of(facts.type));
  json.member("state", name_of(facts.state));
  std::string faults;
  for (int i = 0; i <= static_cast<int>(media_fault::other_format_inside); ++i) {
    const auto fault = static_cast<media_fault>(i);
    if (facts.faults.contains(fault)) faults += (faults.empty() ? "" : " ") + std::string(name_of(fault));
  }
  json.member("faults", faults);
  const auto number = [&json](const char* name, auto value) {
    json.key(name);
    json.raw(std::to_string(value));
  };
  number("width", facts.width);
  number("height", facts.height);
  number("frames", facts.frames);
  number("alpha", static_cast<int>(facts.alpha));
  number("ms", facts.duration ? facts.duration->count() : -1);
  json.end_object();
  json.flush();
  return out;
}

/// What a row expects of a file: by the construction of the file, or by what all tools say.
class expectation {
 public:
  explicit expectation(const row& from) : from_(from), made_(from.has("/expect")) {
    const auto found = from.string_at(made_ ? "/expect/type" : "/type");
    if (found) type_ = *found;
    const auto valid = from.string_at("/valid");
    judged_ = made_ || (valid && (*valid == "valid" || *valid == "invalid"));
    valid_ = made_ ? from.flag_at("/expect/valid").value_or(false) : valid && *valid == "valid";
  }

  /// Where the tools have no name for a file, and its maker did not say, any will do.
  [[nodiscard]] bool same_type(const media_facts& facts) const {
    return our_name(type_) == mime_type_of(facts.type) || (!made_ && type_ == "application/octet-stream");
  }
  [[nodiscard]] bool same_state(const media_facts& facts) const {
    if (!judged_) return true;
    return valid_ ? facts.state != media_state::broken : facts.state != media_state::clean;
  }
  /// Numbers of files that all tools read.
  [[nodiscard]] bool same_numbers(const answer& ours) const {
    if (!valid_) return true;
    const auto& facts = ours.facts;
    const bool sound = mime_type_of(facts.type).starts_with("audio/");  // its pictures are covers
    const bool sized = sound ||
                       ((made_ || from_.flag_at("/dims_agree").value_or(false)) && same("width", facts.width) &&
                        same("height", facts.height)) ||
                       (!made_ && !from_.flag_at("/dims_agree").value_or(false));
    const bool counted = made_ || from_.flag_at("/frames_agree").value_or(false);
    return sized && (!counted || same("frames", facts.frames)) && same_flag("animated", facts.animated) &&
           same_flag("alpha", facts.alpha) && same_duration(ours.seconds());
  }
  [[nodiscard]] std::string json() const {
    if (made_) return from_.json_at("/expect");
    return "{\"type\":" + from_.json_at("/type") + ",\"valid\":" + from_.json_at("/valid") +
           ",\"width\":" + from_.json_at("/width") + ",\"height\":" + from_.json_at("/height") +
           ",\"frames\":" + from_.json_at("/frames") + ",\"alpha\":" + from_.json_at("/alpha") +
           ",\"duration\":" + from_.json_at("/duration") + "}";
  }

  [[nodiscard]] bool made() const { return made_; }
  [[nodiscard]] bool valid() const { return valid_; }
  [[nodiscard]] const std::string& type() const { return type_; }

 private:
  [[nodiscard]] std::string path(std::string_view member) const {
    return (made_ ? "/expect/" : "/") + std::string(member);
  }
  [[nodiscard]] bool same(std::string_view member, std::uint32_t ours) const {
    return from_.number_at(path(member)).value_or(ours) == ours;
  }
  [[nodiscard]] bool same_flag(std::string_view member, bool ours) const {
    return from_.flag_at(path(member)).value_or(ours) == ours;
  }
  [[nodiscard]] bool same_duration(double ours) const {
    const auto meant = from_.real_at("/expect/duration");
    const auto measured = from_.real_at("/duration");
    return (!meant && !measured) || (meant && is_near(ours, *meant)) || (measured && is_near(ours, *measured));
  }

  const row& from_;
  bool made_ = false;
  bool judged_ = false;
  bool valid_ = false;
  std::string type_{};
};

/// Why a difference was decided to be one; empty when it was not.
std::string policy_of(const row& from, const expectation& expected, const answer& ours) {
  const media_facts& facts = ours.facts;
  const auto has = [&facts](media_fault fault) { return facts.faults.contains(fault); };
  const bool medium = format_of(facts.type).has_value();
  if (!medium && facts.state == media_state::broken) {
    if (expected.same_type(facts)) return "not a medium of MMS: named, and not read";
    if (from.string_at("/type") == mime_type_of(facts.type))
      return "a page is named by its first tag, whatever its name";
  }
  if (facts.type == media_type::unknown && expected.type() == "audio/mpeg" && !expected.valid()) {
    return "a sync word without a frame is found in anything: unknown";
  }
  if (has(media_fault::huge_dimensions)) return "more pixels than phones decode: broken, though its structure holds";
  if (facts.video_codec == "encv" || facts.audio_codec == "enca") return "encrypted: no phone has the key";
  if (has(media_fault::no_content)) return "the frame of a film or a sound, and nothing in it";
  if (facts.audio_codec == "usac") return "a codec that the decoder of the corpus does not know";
  if (facts.type == media_type::amr && facts.state == media_state::clean)
    return "frames are counted, not guessed from a rate";
  const auto other = from.real_at("/tools/exiftool/Duration");
  if (other && is_near(ours.seconds(), *other)) return "the tools differ, and one says the same";
  return {};
}

}  // namespace

judgement judge_media(std::string_view line) {
  row from;
  if (!from.read(line)) return unreadable("not a JSON object");
  const auto path = from.string_at("/path");
  if (!path) return unreadable("path is missing");
  const auto read = read_media_file(*path);
  if (!read) return unreadable(*path + ": " + read.error().message());

  const answer ours{*read, *path};
  const expectation expected(from);
  judgement told{verdict::pass, {}, ours.json(), expected.json()};
  if (expected.same_type(*read) && expected.same_state(*read) && expected.same_numbers(ours)) return told;
  told.reason = policy_of(from, expected, ours);
  told.verdict = told.reason.empty() ? verdict::fail : verdict::policy;
  return told;
}

}  // namespace broadside::conformance
