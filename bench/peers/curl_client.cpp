// bench/peers/curl_client - libcurl's multi interface: an easy handle for each connection, kept alive, one thread.
#include <curl/curl.h>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>
#include "peers/peer.hpp"

namespace {

using namespace broadside::bench;

struct transfer {
  CURL* easy = nullptr;
  std::string answer;
};

std::size_t take(char* data, std::size_t size, std::size_t count, void* to) {
  static_cast<transfer*>(to)->answer.append(data, size * count);
  return size * count;
}

void require(CURLcode code) {
  if (code != CURLE_OK) give_up(curl_easy_strerror(code));
}

void require(CURLMcode code) {
  if (code != CURLM_OK) give_up(curl_multi_strerror(code));
}

void prepare(transfer& t, const peer_options& o, curl_slist* headers) {
  t.easy = curl_easy_init();
  if (t.easy == nullptr) give_up("curl_easy_init");
  require(curl_easy_setopt(t.easy, CURLOPT_URL, o.url.c_str()));
  require(curl_easy_setopt(t.easy, CURLOPT_HTTPHEADER, headers));
  require(curl_easy_setopt(t.easy, CURLOPT_POSTFIELDS, o.body.c_str()));  // not copied: the options outlive it
  require(curl_easy_setopt(t.easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(o.body.size())));
  require(curl_easy_setopt(t.easy, CURLOPT_WRITEFUNCTION, &take));
  require(curl_easy_setopt(t.easy, CURLOPT_WRITEDATA, &t));
  require(curl_easy_setopt(t.easy, CURLOPT_PRIVATE, &t));
}

/// Checks what has ended and starts the same handle again: its connection is in the multi handle's cache.
void restart_ended(CURLM* multi, progress& done) {
  int left = 0;
  while (const CURLMsg* told = curl_multi_info_read(multi, &left)) {
    if (told->msg != CURLMSG_DONE) continue;
    require(told->data.result);
    CURL* const easy = told->easy_handle;
    transfer* t = nullptr;
    long status = 0;
    require(curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t));
    require(curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status));
    done.answered(is_good(static_cast<unsigned>(status), t->answer));
    t->answer.clear();
    require(curl_multi_remove_handle(multi, easy));
    if (done.start_one()) require(curl_multi_add_handle(multi, easy));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const peer_options o = peer_options::read(argc, argv, "Posts a fixed body: libcurl multi.");
  require(curl_global_init(CURL_GLOBAL_DEFAULT));
  CURLM* const multi = curl_multi_init();
  curl_slist* headers = nullptr;
  for (const char* h :
       {"x-api-key: bench-key", "Content-Type: application/json; charset=utf-8", "Accept: application/json"}) {
    headers = curl_slist_append(headers, h);
  }
  require(curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(o.connections)));
  progress done(o);
  std::vector<transfer> transfers(o.connections);
  for (transfer& t : transfers) {
    prepare(t, o, headers);
    if (done.start_one()) require(curl_multi_add_handle(multi, t.easy));
  }
  int running = 0;
  while (!done.over()) {
    require(curl_multi_perform(multi, &running));
    restart_ended(multi, done);
    if (!done.over()) require(curl_multi_poll(multi, nullptr, 0, 1000, nullptr));
  }
  done.report("curl_client");
  for (transfer& t : transfers) curl_easy_cleanup(t.easy);
  curl_multi_cleanup(multi);
  curl_slist_free_all(headers);
  curl_global_cleanup();
}
