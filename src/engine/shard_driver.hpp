// engine/shard_driver - a shard with a thread, an event loop and connections of its own. A driver: it never decides.
#pragma once

#include <broadside/result.hpp>
#include <engine/shard.hpp>
#include <engine/shared_state.hpp>
#include <engine/wake_fd.hpp>
#include <memory>

namespace broadside::engine_detail {

/// As runtime::make_shard() says.
[[nodiscard]] result<std::unique_ptr<shard>, failure> make_shard_driver(shared_state& shared, unsigned number,
                                                                        const wake_fd& settled);

}  // namespace broadside::engine_detail
