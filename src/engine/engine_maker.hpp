// engine/engine_maker - how an engine is opened on something else than the machine's threads.
#pragma once

#include <broadside/engine.hpp>
#include <engine/runtime.hpp>

namespace broadside::engine_detail {

struct engine_maker {
  /// engine::open() with the runtime given, which outlives the engine.
  [[nodiscard]] static result<engine, failure> open(options, environment&, runtime&);
};

}  // namespace broadside::engine_detail
