// sim/checks - what must hold of a whole run, once it is over: what the host was told against what the providers took
// and when it left. Pure: each says the first thing that is wrong.
#pragma once

#include <broadside/testing/simulation.hpp>
#include <map>
#include <sim/host_book.hpp>
#include <sim/plan.hpp>
#include <sim/problem.hpp>
#include <sim/report_book.hpp>
#include <sim/run_record.hpp>
#include <span>
#include <string>

namespace broadside::sim {

struct evidence {
  const plan& of;
  const host_book& book;
  const run_record& record;
  const report_book& reports;
  std::span<const testing::departure> departures;
  std::span<const testing::acceptance> acceptances;
};

/// All of those below.
[[nodiscard]] verdict_of_check check_run(const evidence&);

/// In every window of every route: no more than burst + rate * window, and one more for each engine that began in it.
[[nodiscard]] verdict_of_check check_route_limits(const evidence&);
/// The same of the first sender on all routes together, and of the questions that a provider is asked.
[[nodiscard]] verdict_of_check check_sender_limit(const evidence&);
[[nodiscard]] verdict_of_check check_question_limits(const evidence&);
/// Every one of options::limits, in what it counts, for each sender, carrier, … that it is for. After it was changed,
/// by what it was changed to.
[[nodiscard]] verdict_of_check check_other_limits(const evidence&);
/// Of what left on one local day no more was taken than the day's number; engines that forgot begin again.
[[nodiscard]] verdict_of_check check_quotas(const evidence&);
/// What is tried again keeps to its share, where nothing else makes messages leave twice.
[[nodiscard]] verdict_of_check check_retry_budget(const evidence&);
/// In a calm run: while a campaign has messages one leaves as soon as the limits allow it.
[[nodiscard]] verdict_of_check check_limits_are_used(const evidence&);
/// Nothing of a campaign leaves while it is paused, nor once it was cancelled.
[[nodiscard]] verdict_of_check check_standstills(const evidence&);
/// Nothing leaves that is older than its campaign allows, and nothing expires that is not.
[[nodiscard]] verdict_of_check check_ages(const evidence&);
/// Every row has its outcome, and as many as may be.
[[nodiscard]] verdict_of_check check_outcomes(const evidence&);
/// What leaves is told of, to the number of its row, and no more often than was counted.
[[nodiscard]] verdict_of_check check_departures(const evidence&);
/// Outcomes against what the providers took.
[[nodiscard]] verdict_of_check check_acceptances(const evidence&);
/// No two events have one position, and none that was confirmed before a clean restart comes again after it.
[[nodiscard]] verdict_of_check check_positions(const evidence&);

// of delivery reports (checks_of_reports.cpp)
/// Where nothing is forgotten, what was answered with 200 and says how a message ended is told.
[[nodiscard]] verdict_of_check check_reports_told(const evidence&);
/// A message of which anything was reported before its outcome was decided has arrived, whatever became of its answer.
[[nodiscard]] verdict_of_check check_reported_outcomes(const evidence&);
/// Nor does it leave again, but for what was claimed already and waits for its turn.
[[nodiscard]] verdict_of_check check_reported_departures(const evidence&);
/// Where reports come in, what may have been sent is held for its report before it is given up.
[[nodiscard]] verdict_of_check check_held(const evidence&);

/// How many left at an instant.
struct burst_of {
  time_point at{};
  std::uint64_t messages = 0;
  std::uint32_t engine = 0;
  std::uint64_t largest = 1;  ///< what one message may count, above the burst too
  std::size_t number = 0;     ///< of the departure
};
/// A limit that became another.
struct ceiling_change {
  std::size_t from = 0;  ///< departures before it
  time_point at{};
  std::uint32_t engine = 0;
  number per_second = 0;
  number burst = 1;
};
/// A leaky bucket over what left, in the order of time. Empty: never too much.
[[nodiscard]] std::string excess(std::span<const burst_of>, number per_second, number burst,
                                 std::span<const engine_life> engines, const ceiling_change* change = nullptr);

}  // namespace broadside::sim
