// engine/journal_view - a journal read from outside: a replay, and the outcomes as they stand in the store.
#include <algorithm>
#include <broadside/journal.hpp>
#include <journal/definition.hpp>
#include <journal/lmdb_store.hpp>
#include <journal/record_codec.hpp>
#include <journal/replay.hpp>
#include <utility>

namespace broadside {

namespace kept = ::broadside::journal;

std::string_view name_of(campaign_phase p) noexcept {
  switch (p) {
    case campaign_phase::running:
      return "running";
    case campaign_phase::paused:
      return "paused";
    case campaign_phase::cancelled:
      return "cancelled";
    case campaign_phase::finished:
      return "finished";
  }
  return "?";
}

class journal_view::impl {
 public:
  impl(std::unique_ptr<kept::store> store, kept::replayed&& read) : store_(std::move(store)), read_(std::move(read)) {
    for (std::size_t i = 0; i < read_.found.campaigns.size(); ++i) add_campaign(i);
    for (const kept::recovered_source& s : read_.found.sources)
      sources_.push_back({s.campaign, s.name, s.next, s.finished});
    report_.records = read_.found.records;
    report_.redelivered = read_.found.unconfirmed;
    report_.quarantined = read_.found.quarantined;
    report_.damage = read_.damage;
    for (const kept::recovered_message& m : read_.found.messages) {
      ++(m.claimed ? report_.interrupted : report_.requeued);
      const auto c = static_cast<std::size_t>(m.campaign);
      if (c < campaigns_.size()) ++campaigns_[c].counts.inside;
    }
    for (campaign_status& c : campaigns_) {
      const ledger& l = c.counts;
      report_.lost += l.submitted - std::min(l.submitted, l.settled() + l.inside);
      if (c.phase == campaign_phase::running && l.inside == 0 && is_taken_whole(c.id))
        c.phase = campaign_phase::finished;
    }
  }

  [[nodiscard]] const std::vector<campaign_status>& campaigns() const noexcept { return campaigns_; }
  [[nodiscard]] const std::vector<source_status>& sources() const noexcept { return sources_; }
  [[nodiscard]] const recovery_report& report() const noexcept { return report_; }

  void messages_inside(const std::function<bool(const inside&)>& each) const {
    for (const kept::recovered_message& m : read_.found.messages) {
      if (!each({m.id, m.campaign, m.row, m.recipient, m.claimed, m.so_far.answer_lost, m.so_far.attempts,
                 m.expires_at})) {
        return;
      }
    }
  }

  [[nodiscard]] error_code outcomes(const std::function<bool(const event&)>& each) const {
    bool wanted = true;
    const auto read_chunk = [&](kept::chunk_number number, kept::bytes_view bytes) {
      kept::chunk_reader reader(bytes, number);
      kept::decoded_record r;
      for (auto status = reader.next(r); wanted; status = reader.next(r)) {
        if (status == kept::decode_status::record && r.kind == kept::record_kind::outcome) wanted = each(r.told);
        if (status != kept::decode_status::record && status != kept::decode_status::damaged) break;
      }
      return wanted;
    };
    if (const error_code failed = store_->scan_chunks(kept::chunk_row::history, 0, read_chunk)) return failed;
    return wanted ? store_->scan_chunks(kept::chunk_row::log, 0, read_chunk) : error_code{};
  }

  [[nodiscard]] event_context context(campaign_id id, std::uint16_t route) const noexcept {
    event_context said;
    const auto c = static_cast<std::size_t>(id);
    if (c < definitions_.size()) {
      const campaign& d = definitions_[c];
      said = {d.name, d.action_id, d.action_name, d.campaign_policy, d.consent_category, d.sender.sender, {}, {}};
    }
    if (route < read_.found.routes.size()) said.route = read_.found.routes[route];
    return said;
  }

 private:
  void add_campaign(std::size_t i) {
    const kept::recovered_campaign& was = read_.found.campaigns[i];
    auto decoded = kept::decode_definition(was.definition);
    campaign definition = decoded ? std::move(*decoded) : campaign{};
    if (!decoded) {
      definition.name = "(not readable)";
      report_.damage.push_back("the definition of a campaign: " + decoded.error().message());
    }
    campaign_status& c = campaigns_.emplace_back();
    c.id = campaign_id{static_cast<std::uint32_t>(i)};
    c.key = definition.key;
    c.name = definition.name;
    for (const campaign_status& other : campaigns_)
      c.version += !c.key.empty() && other.id != c.id && other.key == c.key;
    c.counts = was.totals;
    c.counts.inside = 0;  // counted as the messages are
    c.phase = was.state == "paused"      ? campaign_phase::paused
              : was.state == "cancelled" ? campaign_phase::cancelled
                                         : campaign_phase::running;
    definitions_.push_back(std::move(definition));
  }

  /// Whether every source of the campaign is finished, and there is one.
  [[nodiscard]] bool is_taken_whole(campaign_id id) const {
    bool any = false;
    for (const source_status& s : sources_) {
      if (s.campaign != id) continue;
      if (!s.finished) return false;
      any = true;
    }
    return any;
  }

  std::unique_ptr<kept::store> store_;
  kept::replayed read_;
  std::vector<campaign_status> campaigns_;
  std::vector<source_status> sources_;
  std::vector<campaign> definitions_;  // as campaigns_
  recovery_report report_;
};

journal_view::journal_view(std::unique_ptr<impl> i) noexcept : impl_(std::move(i)) {}
journal_view::journal_view(journal_view&&) noexcept = default;
journal_view& journal_view::operator=(journal_view&&) noexcept = default;
journal_view::~journal_view() = default;

result<journal_view, failure> journal_view::open(const std::string& path) {
  auto store = kept::open_lmdb_store({.path = path, .how = kept::access::read});
  if (!store) return store.error();
  auto read = kept::replay(**store, {});
  if (!read) return read.error();
  return journal_view(std::make_unique<impl>(std::move(*store), std::move(*read)));
}

const std::vector<campaign_status>& journal_view::campaigns() const noexcept { return impl_->campaigns(); }
const std::vector<source_status>& journal_view::sources() const noexcept { return impl_->sources(); }
void journal_view::messages_inside(const std::function<bool(const inside&)>& each) const {
  impl_->messages_inside(each);
}
error_code journal_view::outcomes(const std::function<bool(const event&)>& each) const { return impl_->outcomes(each); }
event_context journal_view::context(campaign_id id, std::uint16_t route) const noexcept {
  return impl_->context(id, route);
}
const recovery_report& journal_view::read() const noexcept { return impl_->report(); }

}  // namespace broadside
