// engine/campaign_preview - what a recipient would get, rendered and checked as the engine does it.
#include <broadside/campaign.hpp>
#include <broadside/event.hpp>
#include <broadside/phone.hpp>
#include <engine/compiled_campaign.hpp>
#include <utility>

namespace broadside {

using engine_detail::compiled_campaign;

bool fits(const recipient& r, std::size_t recipient_bytes_max) noexcept {
  std::size_t needed = r.to.size() + r.values.size() * sizeof(std::uint32_t);  // the slot keeps each value's length
  for (const std::string_view v : r.values) needed += v.size();
  return needed <= recipient_bytes_max && r.to.size() <= decltype(event::recipient)::capacity() &&
         r.values.size() <= 0xFFFF;
}

class campaign_preview::impl {
 public:
  explicit impl(std::unique_ptr<const compiled_campaign> c) : compiled(std::move(c)) {}

  const std::unique_ptr<const compiled_campaign> compiled;
  std::string buffer;   // scratch of render()
  std::string scratch;  // the same
};

campaign_preview::campaign_preview(std::unique_ptr<impl> i) noexcept : impl_(std::move(i)) {}
campaign_preview::campaign_preview(campaign_preview&&) noexcept = default;
campaign_preview& campaign_preview::operator=(campaign_preview&&) noexcept = default;
campaign_preview::~campaign_preview() = default;

result<campaign_preview, failure> campaign_preview::compile(const campaign& c, std::span<const route_options> routes,
                                                            std::span<const content_limits> profiles) {
  auto compiled = compiled_campaign::compile(c, routes, profiles);
  if (!compiled) return compiled.error();
  return campaign_preview(std::make_unique<impl>(std::move(*compiled)));
}

result<void> campaign_preview::render(const recipient& r, message_parts& out) const {
  const compiled_campaign& c = *impl_->compiled;
  out.to.assign(r.to);
  out.subject.clear();
  out.text.clear();
  out.fallback_text.clear();
  out.fallback_size = {};
  const auto to = phone::parse(r.to, c.definition.dialling);
  if (!to) return to.error();
  out.to = to->to_string();
  if (const auto why = refused_as_recipient(*to)) return *why;
  if (r.values.size() != c.definition.attributes.size()) return errc::wrong_number_of_values;
  if (!engine_detail::all_utf8(r.values)) return errc::invalid_utf8;
  impl_->buffer.clear();
  const auto rendered = c.render(impl_->buffer, r.values, impl_->scratch);
  message m{.to = *to};
  c.fill(m, rendered, impl_->buffer, wall_time{});
  out.subject = m.subject;
  out.text = m.text;
  out.fallback_text = m.fallback_text;
  out.fallback_size = rendered.fallback_size;
  bool reached = false;
  for (std::size_t i = 0; i < c.routes.size(); ++i) {
    if (!c.reaches(i, *to)) continue;
    reached = true;
    if (const auto fault = engine_detail::fault_of(m, rendered, c.routes[i].limits)) return *fault;
  }
  if (!reached) return errc::country_not_served;
  return {};
}

}  // namespace broadside
