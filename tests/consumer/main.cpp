// Another program that uses the library: it gets the public headers, what they need, and nothing
// of how this project is compiled.
#include <cstdio>
#include <natcheck/diagnosis.hpp>
#include <natcheck/discover.hpp>
#include <natcheck/endpoint.hpp>
#include <natcheck/error.hpp>
#include <natcheck/evidence.hpp>
#include <natcheck/mapping.hpp>
#include <natcheck/mappings.hpp>
#include <natcheck/probe.hpp>
#include <natcheck/report.hpp>
#include <natcheck/serve.hpp>
#include <natcheck/visit_page.hpp>

#if __has_include("net/sockets.hpp") || __has_include("diagnosis/rules.hpp")
#error "the private headers are exported"
#endif

int main() {
  // With -Wconversion or -Wshadow, which are for this project alone, this would not compile here.
  const double third = 1.0 / 3;
  int rounded = third;
  for (int rounded = 0; rounded < 1; ++rounded) std::puts("a consumer's own style");
  const auto judged = natcheck::diagnose(natcheck::discover_evidence{});
  const bool knows = judged.answer != natcheck::answer::unknown;
  return knows || rounded != 0 ? 1 : 0;
}
