// engine/log_options_of - what the engine's options mean for its journal.
#pragma once

#include <broadside/options.hpp>
#include <journal/log_journal.hpp>

namespace broadside::engine_detail {

/// `o` outlives the opening of the journal, `usages` the journal.
[[nodiscard]] inline journal::log_options log_options_of(const options& o, journal::usage_source* usages = nullptr) {
  const journal_options& j = o.journal;
  journal::log_options how;
  how.durability = j.durability;
  how.sync_interval = j.sync_interval;
  how.keep_outcomes = j.keep_outcomes;
  how.messages_max = o.messages_inside_max;
  how.sources_max = o.sources_max;
  how.campaigns_max = o.campaigns_max;
  how.deliveries_max = o.reports.remembered_max;
  how.usages = usages;
  if (j.on_progress) {
    how.on_progress = [&j](std::uint64_t records, std::uint64_t chunks) { j.on_progress({records, chunks}); };
  }
  return how;
}

}  // namespace broadside::engine_detail
