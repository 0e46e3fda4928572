// Drives a carrier with Twilio's official client for Go: place, list, fetch, end a call, a conference, a recording.
// Prints one JSON document. Arguments: base URL, account SID; the auth token comes in the environment.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// elsewhere sends what the library sends to another host: its documented way is a client of one's own.
type elsewhere struct {
	*client.Client
	base *url.URL
}

func (e elsewhere) SendRequest(method string, raw string, data url.Values, headers map[string]interface{}, body ...byte) (*http.Response, error) {
	asked, err := url.Parse(raw)
	if err != nil {
		return nil, err
	}
	asked.Scheme, asked.Host = e.base.Scheme, e.base.Host
	return e.Client.SendRequest(method, asked.String(), data, headers, body...)
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func until[T any](ready func() (T, bool)) T {
	for i := 0; i < 500; i++ {
		if found, ok := ready(); ok {
			return found
		}
		time.Sleep(20 * time.Millisecond)
	}
	panic("waited in vain")
}

func main() {
	account := os.Args[2]
	own := &client.Client{Credentials: client.NewCredentials(account, os.Getenv("CARRIER_TOKEN"))}
	own.SetAccountSid(account)
	service := api.NewApiService(client.NewRequestHandler(elsewhere{own, must(url.Parse(os.Args[1]))}))

	create := (&api.CreateCallParams{}).SetTo("+8618800000000").SetFrom("+15005550006").SetRecord(true)
	create.SetTwiml("<Response><Say>您好，这里是回访中心。</Say><Pause length='3000'/></Response>")
	create.SetRecordingChannels("dual")
	placed := must(service.CreateCall(create))
	live := until(func() (string, bool) {
		call := must(service.FetchCall(*placed.Sid, &api.FetchCallParams{}))
		return *call.Status, *call.Status == "in-progress"
	})
	listed := must(service.ListCall((&api.ListCallParams{}).SetTo("+8618800000000").SetLimit(20)))
	invite := (&api.CreateParticipantParams{}).SetFrom("+15005550006").SetTo("sip:agent@desk.example").SetLabel("agent")
	participant := must(service.CreateParticipant("a-room", invite))
	until(func() (int, bool) {
		found := must(service.ListParticipant(*participant.ConferenceSid, &api.ListParticipantParams{}))
		return 0, len(found) == 1 && *found[0].Status == "connected"
	})
	closed := must(service.UpdateConference(*participant.ConferenceSid, (&api.UpdateConferenceParams{}).SetStatus("completed")))
	time.Sleep(300 * time.Millisecond)
	ended := must(service.UpdateCall(*placed.Sid, (&api.UpdateCallParams{}).SetStatus("completed")))
	recording := until(func() (api.ApiV2010Recording, bool) {
		found := must(service.ListRecording((&api.ListRecordingParams{}).SetCallSid(*placed.Sid)))
		if len(found) == 0 || *found[0].Status != "completed" {
			return api.ApiV2010Recording{}, false
		}
		return found[0], true
	})
	if err := service.DeleteRecording(*recording.Sid, &api.DeleteRecordingParams{}); err != nil {
		panic(err)
	}
	_, missing := service.FetchCall("CA00000000000000000000000000000000", &api.FetchCallParams{})
	refused := missing.(*client.TwilioRestError)
	out, _ := json.Marshal(map[string]any{
		"placed": *placed.Status, "live": live, "listed": len(listed), "sid": *placed.Sid,
		"participant": *participant.Status, "conference": *closed.Status, "ended": *ended.Status,
		"channels": *recording.Channels, "duration": *recording.Duration, "missing": []int{refused.Status, refused.Code},
	})
	fmt.Println(string(out))
}
