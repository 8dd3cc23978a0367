// One question to the crew and its answer, shown while it comes.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "client.hpp"
#include "terminal.hpp"

namespace codehelper {

struct ChatTurn {
  CrewClient& client;
  Terminal terminal;
  bool json = false;  // the whole answer as JSON in place of its text
};

/// Asks with the body of POST /chat. The answer goes to standard output, on a terminal as it comes; what the crew does
/// meanwhile, its notes and its sources go to standard error. SIGINT stops the answer, a second one doesn't wait for
/// its end. Runs the loop. Errors: those of CrewClient::follow(); cancelled when it was stopped.
Result<boost::json::object> ask(ChatTurn turn, boost::json::object body);

}  // namespace codehelper
