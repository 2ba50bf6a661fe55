// sim/engine_watch - what one engine owes its host, from open() to its end: balanced books that agree with what was
// told, of deliveries too, bounds, and every unconfirmed event of its predecessors, once and first.
#pragma once

#include <broadside/engine.hpp>
#include <optional>
#include <sim/host_book.hpp>
#include <sim/plan.hpp>
#include <sim/problem.hpp>
#include <sim/report_book.hpp>
#include <vector>

namespace broadside::sim {

class engine_watch {
 public:
  explicit engine_watch(const plan& p) : plan_(p) {}

  /// An engine was opened, the `number`th; what its journal says is held against what the one before said.
  [[nodiscard]] verdict_of_check opened(const engine&, unsigned number, const host_book&, const report_book&);
  /// The engine ended and nobody takes its word for it: the next one may know less.
  void ended_badly() { before_.reset(); }
  /// It was stopped, and its events were polled: the next one knows the same.
  void ended_well(const engine& e) { before_ = e.campaigns(); }

  /// Whether the next event is one that an earlier engine settled: these come first.
  [[nodiscard]] bool is_redelivering() const noexcept { return redelivered_ < to_redeliver_; }
  [[nodiscard]] verdict_of_check hear(const event&, const host_book&, const report_book&);
  /// At any time.
  [[nodiscard]] verdict_of_check look(const engine&) const;
  /// When poll() has no more.
  [[nodiscard]] verdict_of_check all_told(const engine&) const;
  [[nodiscard]] bool has_unread(const engine&) const;

  [[nodiscard]] unsigned number() const noexcept { return number_; }

 private:
  [[nodiscard]] verdict_of_check same_as_before(const std::vector<campaign_status>& now) const;
  [[nodiscard]] verdict_of_check redelivery_is_complete(const host_book&, const report_book&) const;
  [[nodiscard]] std::uint64_t settled_here(const engine&) const;
  [[nodiscard]] std::uint64_t reported_here(const engine&) const;

  const plan plan_;
  unsigned number_ = 0;
  std::uint64_t to_redeliver_ = 0;
  std::uint64_t redelivered_ = 0;
  std::uint64_t told_new_ = 0;          // outcomes
  std::uint64_t told_new_reports_ = 0;  //
  position last_redelivered_{};
  position last_confirmed_{};            // by the host, before the open()
  std::optional<position> never_again_;  // what was not told again once, is confirmed for good
  std::vector<ledger> at_open_;          // by campaign id
  std::vector<ledger> told_;             // of new events
  std::optional<std::vector<campaign_status>> before_;
};

/// The count of one outcome.
[[nodiscard]] std::uint64_t& count_of(ledger&, outcome) noexcept;
[[nodiscard]] std::string words_of(const ledger&);

}  // namespace broadside::sim
