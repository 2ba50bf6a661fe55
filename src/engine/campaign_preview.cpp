// engine/campaign_preview - what a recipient would get, rendered and checked as the engine does it.
#include <broadside/campaign.hpp>
#include <broadside/phone.hpp>
#include <engine/compiled_campaign.hpp>
#include <utility>

namespace broadside {

using engine_detail::compiled_campaign;

class campaign_preview::impl {
 public:
  impl(std::unique_ptr<const compiled_campaign> c, std::vector<std::shared_ptr<const provider>> p)
      : compiled(std::move(c)), providers(std::move(p)) {}

  const std::unique_ptr<const compiled_campaign> compiled;
  const std::vector<std::shared_ptr<const provider>> providers;  // of the campaign's routes
  std::string buffer;                                            // scratch of render()
};

campaign_preview::campaign_preview(std::unique_ptr<impl> i) noexcept : impl_(std::move(i)) {}
campaign_preview::campaign_preview(campaign_preview&&) noexcept = default;
campaign_preview& campaign_preview::operator=(campaign_preview&&) noexcept = default;
campaign_preview::~campaign_preview() = default;

result<campaign_preview, failure> campaign_preview::compile(const campaign& c, std::span<const route_options> routes) {
  auto compiled = compiled_campaign::compile(c, routes, {});
  if (!compiled) return compiled.error();
  std::vector<std::shared_ptr<const provider>> providers;
  for (const auto& w : (*compiled)->routes) providers.push_back(routes[w.route].provider);
  return campaign_preview(std::make_unique<impl>(std::move(*compiled), std::move(providers)));
}

result<void> campaign_preview::render(const recipient& r, message_parts& out) const {
  const compiled_campaign& c = *impl_->compiled;
  out.to.assign(r.to);
  out.subject.clear();
  out.text.clear();
  out.fallback_text.clear();
  const auto to = phone::parse(r.to);
  if (!to) return to.error();
  out.to = to->to_string();
  if (r.values.size() != c.definition.attributes.size()) return errc::wrong_number_of_values;
  if (!engine_detail::all_utf8(r.values)) return errc::invalid_utf8;
  impl_->buffer.clear();
  const auto rendered = c.render(impl_->buffer, r.values);
  message m{.to = *to};
  c.fill(m, rendered, impl_->buffer, wall_time{});
  out.subject = m.subject;
  out.text = m.text;
  out.fallback_text = m.fallback_text;
  for (const auto& p : impl_->providers) {
    if (const auto broken = engine_detail::broken_limit(m, p->limits())) return *broken;
  }
  return {};
}

}  // namespace broadside
