// Responses as libmicrohttpd has them. Internal to http/.
#pragma once

#include <microhttpd.h>

#include "http/message.h"

namespace ipguard::http {

// Whether a response's content is sent, or its head alone (HEAD: RFC 9110, 9.3.2).
enum class Content : bool { sent, left_out };

// Queues it on the connection; MHD_NO closes the connection.
MHD_Result send(MHD_Connection* connection, Response response, Content content = Content::sent);

}  // namespace ipguard::http
