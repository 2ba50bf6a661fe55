// journal/definition - the fields of a campaign by tag. What a tag means never changes; a new field takes a new tag.
//
// A version byte, then fields in the order of their tags: tag, length, bytes. A number that is 0, a text or a list that
// is empty is left out, whatever the default of its field is, so that a default can change and old bytes keep their
// meaning. Lists repeat their tag. The version is the lowest that can say it: a definition that needs nothing of a
// later one keeps its bytes, so that campaigns go on when the library is replaced. Pure; any thread.
#include <algorithm>
#include <array>
#include <iterator>
#include <journal/byte_codec.hpp>
#include <journal/definition.hpp>
#include <limits>
#include <span>

namespace broadside::journal {
namespace {

constexpr std::uint8_t first_version = 1;  // every campaign has the weight 1 and the priority of marketing
constexpr std::uint8_t version = 2;        // priority to carrier_attribute

enum class tag : std::uint8_t {
  name = 1,
  key,
  attribute,
  subject,
  text,
  media,
  sender_display_name,
  sender,
  sender_home,
  sender_route,
  fallback_enabled,
  fallback_text,
  fallback_sender,
  fallback_append_link,
  fallback_max_parts,
  fallback_over,
  fallback_smart_encoding,
  fallback_part_price_micros,
  dialling,
  age_max_seconds,
  validity_seconds,
  on_unknown,
  inside_max,
  action_id,
  action_name,
  campaign_policy,
  consent_category,
  priority,  // of version 2, as what follows
  weight,
  tenant,
  carrier_attribute,
};

enum class media_tag : std::uint8_t { url = 1, mime_type, bytes, width, height };
enum class route_tag : std::uint8_t { route = 1, weight };

// ---- writing

class field_writer {
 public:
  explicit field_writer(std::string& to) noexcept : to_(to) {}

  template <class Tag>
  void text(Tag field, std::string_view value) {
    if (!value.empty()) always(field, value);
  }
  /// An element of a list: empty ones count.
  template <class Tag>
  void always(Tag field, std::string_view value) {
    varint(static_cast<std::uint64_t>(field));
    varint(value.size());
    to_.append(value);
  }
  template <class Tag>
  void number(Tag field, std::uint64_t value) {
    if (value == 0) return;
    std::string bytes;
    field_writer(bytes).varint(value);
    always(field, bytes);
  }
  template <class Tag>
  void number(Tag field, std::int64_t value) {
    number(field, zigzag(value));
  }

 private:
  void varint(std::uint64_t value) {
    std::array<std::byte, varint_bytes_max> bytes{};
    byte_writer writer(bytes.data());
    writer.varint(value);
    to_.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(writer.at() - bytes.data()));
  }
  std::string& to_;
};

template <class Enum>
constexpr std::uint64_t number_of(Enum value) noexcept {
  return static_cast<std::uint64_t>(value);
}

std::string encoded(const media_link& link) {
  std::string bytes;
  field_writer to(bytes);
  to.text(media_tag::url, link.url);
  to.text(media_tag::mime_type, link.mime_type);
  to.number(media_tag::bytes, link.bytes);
  to.number(media_tag::width, std::uint64_t{link.width});
  to.number(media_tag::height, std::uint64_t{link.height});
  return bytes;
}

std::string encoded(const route_share& share) {
  std::string bytes;
  field_writer to(bytes);
  to.text(route_tag::route, share.route);
  to.number(route_tag::weight, std::uint64_t{share.weight});
  return bytes;
}

void write(field_writer& to, const sender_profile& sender) {
  to.text(tag::sender_display_name, sender.display_name);
  to.text(tag::sender, sender.sender);
  to.text(tag::sender_home, sender.home.code());
  for (const auto& share : sender.routes) to.always(tag::sender_route, encoded(share));
}

void write(field_writer& to, const sms_fallback& fallback) {
  to.number(tag::fallback_enabled, std::uint64_t{fallback.enabled});
  to.text(tag::fallback_text, fallback.text);
  to.text(tag::fallback_sender, fallback.sender);
  to.number(tag::fallback_append_link, std::uint64_t{fallback.append_link});
  to.number(tag::fallback_max_parts, std::uint64_t{fallback.max_parts});
  to.number(tag::fallback_over, number_of(fallback.over));
  to.number(tag::fallback_smart_encoding, std::uint64_t{fallback.smart_encoding});
  to.number(tag::fallback_part_price_micros, fallback.part_price_micros);
}

bool is_of_first_version(const campaign& of) noexcept {
  return of.priority == priority::marketing && of.weight == 1 && of.tenant.empty() && of.carrier_attribute.empty();
}

void write_turns(field_writer& to, const campaign& of) {
  to.number(tag::priority, number_of(of.priority));
  to.number(tag::weight, std::uint64_t{of.weight});
  to.text(tag::tenant, of.tenant);
  to.text(tag::carrier_attribute, of.carrier_attribute);
}

// ---- reading

/// What one read left to say: the first thing that was wrong.
class verdict {
 public:
  void damaged() noexcept { set(errc::journal_damaged); }
  void too_new() noexcept { set(errc::journal_too_new); }
  [[nodiscard]] bool good() const noexcept { return code_ == errc{}; }
  [[nodiscard]] errc code() const noexcept { return code_; }

 private:
  void set(errc code) noexcept {
    if (good()) code_ = code;
  }
  errc code_{};
};

using field_bytes = std::span<const std::byte>;

std::string text_of(field_bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

template <class Number>
void read_number(field_bytes bytes, Number& out, verdict& said) noexcept {
  byte_reader from(bytes);
  const auto value = from.varint(std::numeric_limits<Number>::max());
  if (!from.good() || !from.rest().empty()) return said.damaged();
  out = static_cast<Number>(value);
}

std::int64_t signed_number(field_bytes bytes, verdict& said) noexcept {
  std::uint64_t value = 0;
  read_number(bytes, value, said);
  return unzigzag(value);
}

/// A value beyond the last one this version has is a later version's.
template <class Enum>
void read_enum(field_bytes bytes, Enum& out, Enum last, verdict& said) noexcept {
  std::uint64_t value = 0;
  read_number(bytes, value, said);
  if (value > number_of(last)) return said.too_new();
  out = static_cast<Enum>(value);
}

void read_flag(field_bytes bytes, bool& out, verdict& said) noexcept {
  std::uint8_t value = 0;
  read_number(bytes, value, said);
  out = value != 0;
}

void read_seconds(field_bytes bytes, std::chrono::seconds& out, verdict& said) noexcept {
  out = std::chrono::seconds{signed_number(bytes, said)};
}

void read_country(field_bytes bytes, country& out, verdict& said) {
  out = country::of(text_of(bytes));
  if (!out.known()) said.damaged();
}

/// Calls `each` with the tag and bytes of each field. A tag beyond one byte is a later version's.
template <class Tag, class Each>
void read_fields(field_bytes bytes, verdict& said, Each each) {
  byte_reader from(bytes);
  while (said.good() && !from.rest().empty()) {
    const auto field = from.varint();
    const auto value = from.bytes(from.varint());
    if (!from.good()) return said.damaged();
    if (field > std::numeric_limits<std::uint8_t>::max()) return said.too_new();
    each(static_cast<Tag>(field), value);
  }
}

media_link read_media(field_bytes bytes, verdict& said) {
  media_link link;
  read_fields<media_tag>(bytes, said, [&](media_tag field, field_bytes value) {
    switch (field) {
      case media_tag::url:
        link.url = text_of(value);
        return;
      case media_tag::mime_type:
        link.mime_type = text_of(value);
        return;
      case media_tag::bytes:
        return read_number(value, link.bytes, said);
      case media_tag::width:
        return read_number(value, link.width, said);
      case media_tag::height:
        return read_number(value, link.height, said);
    }
    said.too_new();
  });
  return link;
}

route_share read_route(field_bytes bytes, verdict& said) {
  route_share share{.weight = 0};
  read_fields<route_tag>(bytes, said, [&](route_tag field, field_bytes value) {
    switch (field) {
      case route_tag::route:
        share.route = text_of(value);
        return;
      case route_tag::weight:
        return read_number(value, share.weight, said);
    }
    said.too_new();
  });
  return share;
}

/// What is not in the bytes is zero, not the default of its field.
campaign blank(std::uint8_t of_version) {
  campaign made;
  made.weight = of_version == first_version ? 1 : 0;
  made.fallback.append_link = false;
  made.fallback.max_parts = 0;
  made.age_max = {};
  return made;
}

void read_fallback(tag field, field_bytes value, sms_fallback& out, verdict& said) {
  switch (field) {
    case tag::fallback_enabled:
      return read_flag(value, out.enabled, said);
    case tag::fallback_text:
      out.text = text_of(value);
      return;
    case tag::fallback_sender:
      out.sender = text_of(value);
      return;
    case tag::fallback_append_link:
      return read_flag(value, out.append_link, said);
    case tag::fallback_max_parts:
      return read_number(value, out.max_parts, said);
    case tag::fallback_over:
      return read_enum(value, out.over, over_limit::truncate, said);
    case tag::fallback_smart_encoding:
      return read_flag(value, out.smart_encoding, said);
    case tag::fallback_part_price_micros:
      out.part_price_micros = signed_number(value, said);
      return;
    default:
      said.too_new();
  }
}

void read_sender(tag field, field_bytes value, sender_profile& out, verdict& said) {
  switch (field) {
    case tag::sender_display_name:
      out.display_name = text_of(value);
      return;
    case tag::sender:
      out.sender = text_of(value);
      return;
    case tag::sender_home:
      return read_country(value, out.home, said);
    default:
      out.routes.push_back(read_route(value, said));
  }
}

/// The text fields of the campaign itself.
std::string* text_field(tag field, campaign& of) noexcept {
  switch (field) {
    case tag::name:
      return &of.name;
    case tag::key:
      return &of.key;
    case tag::subject:
      return &of.subject;
    case tag::text:
      return &of.text;
    case tag::action_id:
      return &of.action_id;
    case tag::action_name:
      return &of.action_name;
    case tag::campaign_policy:
      return &of.campaign_policy;
    case tag::consent_category:
      return &of.consent_category;
    case tag::tenant:
      return &of.tenant;
    case tag::carrier_attribute:
      return &of.carrier_attribute;
    default:
      return nullptr;
  }
}

void read_field(tag field, field_bytes value, campaign& out, verdict& said) {
  if (std::string* text = text_field(field, out)) {
    *text = text_of(value);
    return;
  }
  if (field >= tag::sender_display_name && field <= tag::sender_route) {
    return read_sender(field, value, out.sender, said);
  }
  switch (field) {
    case tag::attribute:
      out.attributes.push_back(text_of(value));
      return;
    case tag::media:
      out.media.push_back(read_media(value, said));
      return;
    case tag::dialling:
      return read_enum(value, out.dialling, dialling::north_america, said);
    case tag::age_max_seconds:
      return read_seconds(value, out.age_max, said);
    case tag::validity_seconds:
      return read_seconds(value, out.validity, said);
    case tag::on_unknown:
      return read_enum(value, out.on_unknown, on_unknown::resend_if_deduplicated, said);
    case tag::inside_max:
      return read_number(value, out.inside_max, said);
    case tag::priority:
      return read_enum(value, out.priority, priority::transactional, said);
    case tag::weight:
      return read_number(value, out.weight, said);
    default:
      return read_fallback(field, value, out.fallback, said);
  }
}

}  // namespace

std::string encode_definition(const campaign& of) {
  const bool first = is_of_first_version(of);
  std::string bytes(1, static_cast<char>(first ? first_version : version));
  field_writer to(bytes);
  to.text(tag::name, of.name);
  to.text(tag::key, of.key);
  for (const auto& each : of.attributes) to.always(tag::attribute, each);
  to.text(tag::subject, of.subject);
  to.text(tag::text, of.text);
  for (const auto& each : of.media) to.always(tag::media, encoded(each));
  write(to, of.sender);
  write(to, of.fallback);
  to.number(tag::dialling, number_of(of.dialling));
  to.number(tag::age_max_seconds, std::int64_t{of.age_max.count()});
  to.number(tag::validity_seconds, std::int64_t{of.validity.count()});
  to.number(tag::on_unknown, number_of(of.on_unknown));
  to.number(tag::inside_max, std::uint64_t{of.inside_max});
  to.text(tag::action_id, of.action_id);
  to.text(tag::action_name, of.action_name);
  to.text(tag::campaign_policy, of.campaign_policy);
  to.text(tag::consent_category, of.consent_category);
  if (!first) write_turns(to, of);
  return bytes;
}

result<campaign> decode_definition(std::string_view bytes) {
  if (bytes.empty() || bytes.front() == 0) return errc::journal_damaged;
  const auto written = static_cast<std::uint8_t>(bytes.front());
  if (written > version) return errc::journal_too_new;
  campaign out = blank(written);
  verdict said;
  const field_bytes fields(reinterpret_cast<const std::byte*>(bytes.data()) + 1, bytes.size() - 1);
  read_fields<tag>(fields, said, [&](tag field, field_bytes value) { read_field(field, value, out, said); });
  if (!said.good()) return said.code();
  // One definition has one spelling: fields out of order, twice, or written although empty are none of ours.
  if (encode_definition(out) != bytes) return errc::journal_damaged;
  return out;
}

}  // namespace broadside::journal
