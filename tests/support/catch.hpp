// tests/support/catch - the only file that includes Catch: makes results printable.
#pragma once

// Catch 2.13 is written against broadside's result through this specialisation: boost::system::result has an
// unconstrained operator<<, which would not compile for values that do not print.
#include <boost/system/result.hpp>
#include <catch2/catch.hpp>
#include <string>

namespace Catch {
template <class T, class E>
struct StringMaker<boost::system::result<T, E>> {
  static std::string convert(const boost::system::result<T, E>& r) { return r ? "a value" : "an error"; }
};
}  // namespace Catch
