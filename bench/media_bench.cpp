// bench/media_bench - what it costs to know a file, beside the obvious way: everything copied into a stream, its parts
// into a list, and the list searched.
//
// Both find the size of the picture and must agree before either is timed. The obvious way looks for nothing else: no
// faults, no end, no metadata. `mallocs` is the number of operator new calls of one call.
#include <benchmark/benchmark.h>
#include <broadside/media.hpp>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <unit/media/files.hpp>
#include <vector>
#include "support/malloc_count.hpp"

namespace {

using namespace broadside::media_files;
using broadside::media_facts;
using broadside::media_state;

struct dimensions {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};

// ---- the obvious way

std::uint32_t read_number(std::istream& in, int size, bool big = true) {
  std::uint32_t value = 0;
  for (int i = 0; i < size; ++i) {
    const auto byte = static_cast<std::uint32_t>(in.get() & 0xFF);
    value = big ? value << 8U | byte : value | byte << (8 * i);
  }
  return value;
}

std::string read_bytes(std::istream& in, std::size_t size) {
  std::string bytes(size, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  return bytes;
}

dimensions obvious_jpeg(const std::string& file) {
  std::istringstream in(file);
  in.ignore(2);
  std::map<std::uint32_t, std::string> segments;
  for (std::uint32_t marker = read_number(in, 2); in && marker != 0xFFDA; marker = read_number(in, 2)) {
    segments[marker] = read_bytes(in, read_number(in, 2) - 2);
  }
  std::istringstream frame(segments[0xFFC0]);
  frame.ignore(1);
  const std::uint32_t height = read_number(frame, 2);
  return {read_number(frame, 2), height};
}

dimensions obvious_png(const std::string& file) {
  std::istringstream in(file);
  in.ignore(8);
  std::multimap<std::string, std::string> chunks;
  while (in.peek() != EOF) {
    const std::uint32_t size = read_number(in, 4);
    const std::string name = read_bytes(in, 4);
    chunks.emplace(name, read_bytes(in, size));
    in.ignore(4);
  }
  std::istringstream header(chunks.find("IHDR")->second);
  const std::uint32_t width = read_number(header, 4);
  return {width, read_number(header, 4)};
}

dimensions obvious_gif(const std::string& file) {
  std::istringstream in(file);
  in.ignore(6);
  const std::uint32_t width = read_number(in, 2, false);
  const std::uint32_t height = read_number(in, 2, false);
  const std::uint32_t flags = read_number(in, 1);
  in.ignore(2 + 3 * (2 << (flags & 7U)));
  std::vector<std::string> frames;
  for (std::uint32_t block = read_number(in, 1); in && block != 0x3B; block = read_number(in, 1)) {
    in.ignore(block == 0x2C ? 10 : 1);
    std::string data;
    for (std::uint32_t size = read_number(in, 1); in && size != 0; size = read_number(in, 1))
      data += read_bytes(in, size);
    if (block == 0x2C) frames.push_back(data);
  }
  return {width, height};
}

dimensions obvious_mp4(const std::string& file) {
  const auto body_of = [](const std::string& parent, const std::string& wanted) {
    std::istringstream in(parent);
    while (in.peek() != EOF) {
      const std::uint32_t size = read_number(in, 4);
      const std::string name = read_bytes(in, 4);
      const std::string body = read_bytes(in, size - 8);
      if (name == wanted) return body;
    }
    return std::string();
  };
  std::string body = file;
  for (const char* name : {"moov", "trak", "mdia", "minf", "stbl", "stsd"}) body = body_of(body, name);
  std::istringstream entry(body.substr(8 + 32));
  const std::uint32_t width = read_number(entry, 2);
  return {width, read_number(entry, 2)};
}

// ---- what is read

/// A thumbnail as a server makes it, 6 KB, with the metadata of a camera.
std::string picture() {
  const std::string small = jpeg(320, 240, exif_segment(tiff(true, 6, true)));
  const std::size_t data = small.find("\x12\x34");
  return small.substr(0, data) + std::string(6000, 'd') + small.substr(data);
}
/// What is large is not summed, so that this is the price of the structure.
std::string photograph() { return png_signature + header_chunk(320, 240) + data_chunk(60'000) + end_chunk(); }
/// All of it is summed, which is nearly all of the price.
std::string graphic() {
  return png_signature + header_chunk(320, 240) + chunk("tEXt", std::string("Software\0x", 10)) + data_chunk(2000) +
         end_chunk();
}
/// Four frames of 1 KB.
std::string animation() {
  std::string file = gif_screen(320, 240);
  for (int i = 0; i < 4; ++i) {
    std::string blocks;
    for (int n = 0; n < 4; ++n) blocks += "\xFF" + std::string(255, 'd');
    file += gif_control(false, 10) + replaced(gif_image(), "\3abc", blocks);
  }
  return file + ";";
}
std::string clip() {
  const film one;
  return one.ftyp() + one.moov() + box("mdat", std::string(16'000, 'm'));
}

void require(bool holds, const char* what) {
  if (holds) return;
  (void)std::fprintf(stderr, "wrong answer: %s\n", what);
  std::exit(1);
}

/// Ours and the obvious answer, and ours clean.
void check(const std::string& file, dimensions obvious) {
  const media_facts facts = read(file);
  require(facts.state == media_state::clean, "clean");
  require(facts.width == obvious.width && facts.height == obvious.height, "dimensions");
}

template <class Work>
void time(benchmark::State& state, const std::string& file, Work work) {
  broadside::bench::start_counting_mallocs();
  for (auto _ : state) {
    benchmark::DoNotOptimize(file.data());
    benchmark::DoNotOptimize(work(file));
  }
  state.counters["mallocs"] = benchmark::Counter(static_cast<double>(broadside::bench::stop_counting_mallocs()),
                                                 benchmark::Counter::kAvgIterations);
  state.counters["file_bytes"] = static_cast<double>(file.size());
}

void BM_read_media(benchmark::State& state, std::string (*make)()) {
  time(state, make(), [](const std::string& file) { return read(file).width; });
}
BENCHMARK_CAPTURE(BM_read_media, jpeg_6kb, picture);
BENCHMARK_CAPTURE(BM_read_media, png_2kb, graphic);
BENCHMARK_CAPTURE(BM_read_media, png_60kb, photograph);
BENCHMARK_CAPTURE(BM_read_media, gif_4kb_4_frames, animation);
BENCHMARK_CAPTURE(BM_read_media, mp4_17kb, clip);

void BM_obvious(benchmark::State& state, std::string (*make)(), dimensions (*obvious)(const std::string&)) {
  time(state, make(), [obvious](const std::string& file) { return obvious(file).width; });
}
BENCHMARK_CAPTURE(BM_obvious, jpeg_6kb, picture, obvious_jpeg);
BENCHMARK_CAPTURE(BM_obvious, png_2kb, graphic, obvious_png);
BENCHMARK_CAPTURE(BM_obvious, png_60kb, photograph, obvious_png);
BENCHMARK_CAPTURE(BM_obvious, gif_4kb_4_frames, animation, obvious_gif);
BENCHMARK_CAPTURE(BM_obvious, mp4_17kb, clip, obvious_mp4);

}  // namespace

int main(int argc, char** argv) {
  check(picture(), obvious_jpeg(picture()));
  check(graphic(), obvious_png(graphic()));
  check(photograph(), obvious_png(photograph()));
  check(animation(), obvious_gif(animation()));
  check(clip(), obvious_mp4(clip()));
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
