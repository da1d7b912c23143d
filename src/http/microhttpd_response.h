// Responses as libmicrohttpd has them. Internal to http/.
#pragma once

#include <microhttpd.h>

#include "http/message.h"

namespace ipguard::http {

// Queues it on the connection; MHD_NO closes the connection.
MHD_Result send(MHD_Connection* connection, Response response);

}  // namespace ipguard::http
