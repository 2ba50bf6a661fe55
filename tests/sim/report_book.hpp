// sim/report_book - every delivery report that the postman brought, what the engine answered, and what it told the host
// of it.
//
// The providers' and the host's databases: no crash touches them. answered() and hear() hold each against what was
// before.
#pragma once

#include <broadside/engine.hpp>
#include <broadside/environment.hpp>
#include <broadside/event.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <sim/host_book.hpp>
#include <sim/plan.hpp>
#include <sim/postman.hpp>
#include <sim/problem.hpp>
#include <string>
#include <vector>

namespace broadside::sim {

/// When a callback was brought, and to which engine.
struct visit {
  unsigned engine = 0;
  time_point begun{};
  time_point ended{};
};

/// A report, one of the times that it was brought.
struct bringing {
  letter what{};
  visit when{};
  unsigned status = 0;  ///< 0: nobody knows whether it was taken: the process died, or forgot its message

  [[nodiscard]] bool is_taken() const noexcept { return status == 200; }
};

/// An event of a report.
struct report_telling {
  position at{};
  delivery word{};
  campaign_id campaign{};
  unsigned engine = 0;
  unsigned losses = 0;      ///< how often before something may have been lost
  std::uint64_t heard = 0;  ///< its number among all tellings, of outcomes too
  bool redelivered = false;
};

struct reported_message {
  std::vector<bringing> brought;  // what may be believed
  std::vector<report_telling> told;
};

/// A position that an engine gave at that instant or later.
struct position_mark {
  unsigned engine = 0;
  time_point since{};
  position at{};
};

class report_book {
 public:
  explicit report_book(const plan& p) : plan_(p) {}

  /// The engine answered. What is wrong with its answer.
  [[nodiscard]] verdict_of_check answered(const callback&, const callback_reply&, const visit&);
  /// The process died before its answer was on its way.
  void died(const callback&, const visit&);
  /// Writes the event of a report down, the `heard`th of all events. What is wrong with it.
  [[nodiscard]] verdict_of_check hear(const event&, const host_book::circumstances&, const host_book&,
                                      std::uint64_t heard);
  void something_was_lost() { ++losses_; }
  void mark(const position_mark& m) { marks_.push_back(m); }

  /// By id as printed.
  [[nodiscard]] const std::map<std::string, reported_message, std::less<>>& messages() const noexcept {
    return messages_;
  }
  [[nodiscard]] const std::vector<position_mark>& marks() const noexcept { return marks_; }
  /// Events of reports, those that were told again too.
  [[nodiscard]] std::uint64_t heard() const noexcept { return heard_; }
  /// Messages of a campaign of which the host was told that they were delivered, or not.
  [[nodiscard]] std::uint64_t told_of(campaign_id, bool delivered) const;

 private:
  [[nodiscard]] bool keeps_everything() const noexcept { return plan_.kept() == record::every_batch; }
  [[nodiscard]] bool must_be_known(const letter&, unsigned engine) const;
  [[nodiscard]] bool must_be_news(const callback&, std::size_t which) const;
  [[nodiscard]] verdict_of_check counts_of(const callback&, const callback_reply&, unsigned engine) const;
  [[nodiscard]] verdict_of_check fits(const reported_message&, const event&, const host_book::circumstances&,
                                      const host_book&) const;
  [[nodiscard]] verdict_of_check agrees(const report_telling& before, const event&,
                                        const host_book::circumstances&) const;
  void write_down(const callback&, const visit&, unsigned status);

  const plan plan_;
  std::map<std::string, reported_message, std::less<>> messages_;
  std::vector<position_mark> marks_;
  std::uint64_t heard_ = 0;
  unsigned losses_ = 0;
};

}  // namespace broadside::sim
