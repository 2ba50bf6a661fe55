// engine/durable_journal_driver - the journal on a disk, and the one thread that writes it. A driver: it never decides.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/options.hpp>
#include <broadside/result.hpp>
#include <engine/durable_journal.hpp>
#include <journal/recovered.hpp>
#include <memory>

namespace broadside::engine_detail {

/// As runtime::open_journal() says. `usages` outlives it.
[[nodiscard]] result<std::unique_ptr<durable_journal>, failure> open_journal_driver(
    const options&, const journal::message_table& table, environment& env, journal::recovered& found,
    journal::usage_source* usages = nullptr);

}  // namespace broadside::engine_detail
