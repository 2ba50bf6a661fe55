// tests/media/gif - what is read of a GIF, and every way in which one is not whole.
#include <support/catch.hpp>
#include "files.hpp"

using namespace broadside;
using namespace broadside::media_files;

namespace {

bool broken_by(const std::string& file, media_fault fault) {
  const media_facts facts = read(file);
  return facts.type == media_type::gif && facts.state == media_state::broken && facts.faults.contains(fault);
}
bool lenient_by(const std::string& file, media_fault fault) {
  const media_facts facts = read(file);
  return facts.type == media_type::gif && facts.state == media_state::lenient && facts.faults.contains(fault);
}

}  // namespace

TEST_CASE("gif: a whole picture is clean, and its size is the screen's", "[media]") {
  const media_facts facts = read(gif_screen(20, 10) + gif_image(7, 5) + ";");
  CHECK(facts.state == media_state::clean);
  CHECK(facts.width == 20);
  CHECK(facts.height == 10);
  CHECK(facts.frames == 1);
  CHECK_FALSE(facts.animated);
  CHECK_FALSE(facts.alpha);
  CHECK_FALSE(facts.duration.has_value());
  CHECK(facts.version == "89a");
  CHECK(read(replaced(gif(), "89a", "87a")).version == "87a");
}

TEST_CASE("gif: an animation tells its frames and how long they take", "[media]") {
  const media_facts facts = read(gif_screen() + gif_control(true, 10) + gif_image() + gif_control(false, 25) +
                                 gif_image() + gif_image() + ";");
  CHECK(facts.state == media_state::clean);
  CHECK(facts.animated);
  CHECK(facts.frames == 3);
  CHECK(facts.alpha);
  CHECK(facts.duration == std::chrono::milliseconds{350});
}

TEST_CASE("gif: transparency of later frames is what stays as it was", "[media]") {
  CHECK_FALSE(read(gif_screen() + gif_image() + gif_control(true, 1) + gif_image() + ";").alpha);
}

TEST_CASE("gif: a thousand frames are counted", "[media]") {
  std::string file = gif_screen();
  for (int i = 0; i < 1000; ++i) file += gif_image();
  CHECK(read(file + ";").frames == 1000);
}

TEST_CASE("gif: a picture that ends before its first frame does is broken", "[media]") {
  const std::string whole = gif();
  for (std::size_t size = 6; size < whole.size() - 1; ++size)
    CHECK(broken_by(whole.substr(0, size), media_fault::truncated));
  CHECK(lenient_by(whole.substr(0, whole.size() - 1), media_fault::no_end));
}

TEST_CASE("gif: a later frame that is cut leaves the earlier ones", "[media]") {
  const std::string two = gif_screen() + gif_image() + gif_image() + ";";
  CHECK(lenient_by(two.substr(0, two.size() - 4), media_fault::truncated));
  CHECK(read(two.substr(0, two.size() - 4)).frames == 1);
}

TEST_CASE("gif: what follows the end is told, and what it is", "[media]") {
  CHECK(lenient_by(gif() + "x", media_fault::trailing_bytes));
  CHECK(lenient_by(gif() + "PK\3\4", media_fault::other_format_inside));
  CHECK(lenient_by(gif_screen() + std::string("\x21\xFE\x08<script>\0", 12) + gif_image() + ";",
                   media_fault::other_format_inside));
}

TEST_CASE("gif: a screen without a picture has no content", "[media]") {
  CHECK(broken_by(gif_screen() + ";", media_fault::no_content));
}

TEST_CASE("gif: dimensions are not zero, and not more than phones decode", "[media]") {
  CHECK(broken_by(gif_screen(0, 5) + gif_image() + ";", media_fault::zero_dimensions));
  CHECK(broken_by(gif_screen(60000, 60000) + gif_image() + ";", media_fault::huge_dimensions));
}

TEST_CASE("gif: what decoders refuse is broken, and what they pass over is not", "[media]") {
  CHECK(broken_by(gif_screen() + "?" + gif_image() + ";", media_fault::bad_structure));
  CHECK(broken_by(gif_screen() + gif_image(20, 10, 12) + ";", media_fault::bad_structure));
  CHECK(broken_by(gif_screen() + gif_image(20, 10, 0) + ";", media_fault::bad_structure));
  CHECK(lenient_by(gif_screen() + gif_image() + zeros(3) + gif_image() + ";", media_fault::bad_structure));
  CHECK(read(gif_screen() + gif_image() + zeros(3) + gif_image() + ";").frames == 2);
  CHECK(lenient_by(gif_screen() + gif_image() + "?", media_fault::bad_structure));
  CHECK(lenient_by(gif_screen() + gif_image(0, 10) + ";", media_fault::bad_structure));
  CHECK(lenient_by(gif_screen() + replaced(gif_image(), "\3abc", "") + ";", media_fault::bad_structure));
}

TEST_CASE("gif: the walk through a large one is bounded", "[media]") {
  sparse_source endless(50'000'000, '\1');  // blocks of one byte
  endless.put(0, gif_screen() + replaced(gif_image(), std::string("\3abc\0", 5), ""));
  const media_facts facts = read_media(endless).facts;
  CHECK(facts.faults == enum_set{media_fault::too_complex});
  CHECK(facts.state == media_state::lenient);
  CHECK(endless.bytes_read() <= 4'000'000);
}
