// A WHIP and WHEP server by Pion, for `deno task load` to be tried against: it forwards what each room's publishers send,
// is a full ICE agent, and begins DTLS handshakes itself. Prints its URL, below which /{room}/whip and /{room}/whep are
// its endpoints; GET /counts tells the packets that it has received and sent.
package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
)

// subscription is a track of one subscriber, once its connection is there.
type subscription struct {
	track     *webrtc.TrackLocalStaticRTP
	connected *atomic.Bool
}

// source is a track of a publisher, and who receives it.
type source struct {
	codec         webrtc.RTPCodecCapability
	mutex         sync.RWMutex
	subscriptions []subscription
}

type server struct {
	api            *webrtc.API
	received, sent atomic.Int64
	mutex          sync.Mutex
	rooms          map[string][]*source
	sessions       map[string]*webrtc.PeerConnection
}

func main() {
	server := &server{
		api:      newAPI(),
		rooms:    map[string][]*source{},
		sessions: map[string]*webrtc.PeerConnection{},
	}
	http.HandleFunc("POST /{room}/whip", func(w http.ResponseWriter, r *http.Request) {
		server.answer(w, r, server.publish)
	})
	http.HandleFunc("POST /{room}/whep", func(w http.ResponseWriter, r *http.Request) {
		server.answer(w, r, server.subscribe)
	})
	http.HandleFunc("DELETE /sessions/{id}", server.end)
	http.HandleFunc("GET /counts", server.counts)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}

// newAPI has sockets on loopback alone.
func newAPI() *webrtc.API {
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() && ip.To4() != nil })
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	return webrtc.NewAPI(webrtc.WithSettingEngine(settings))
}

// answer makes a connection that `prepare` has made ready for the offer.
func (s *server) answer(w http.ResponseWriter, r *http.Request, prepare func(string, *webrtc.PeerConnection) error) {
	offer, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	connection, err := s.api.NewPeerConnection(webrtc.Configuration{})
	if err == nil {
		err = prepare(r.PathValue("room"), connection)
	}
	if err == nil {
		err = negotiate(connection, string(offer))
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	id := rand.Text()
	s.mutex.Lock()
	s.sessions[id] = connection
	s.mutex.Unlock()
	w.Header().Set("Content-Type", "application/sdp")
	w.Header().Set("Location", "/sessions/"+id)
	w.WriteHeader(http.StatusCreated)
	fmt.Fprint(w, connection.LocalDescription().SDP)
}

func negotiate(connection *webrtc.PeerConnection, offer string) error {
	description := webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}
	if err := connection.SetRemoteDescription(description); err != nil {
		return err
	}
	answer, err := connection.CreateAnswer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(connection)
	if err := connection.SetLocalDescription(answer); err != nil {
		return err
	}
	<-gathered
	return nil
}

func (s *server) publish(room string, connection *webrtc.PeerConnection) error {
	connection.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		published := &source{codec: track.Codec().RTPCodecCapability}
		s.mutex.Lock()
		s.rooms[room] = append(s.rooms[room], published)
		s.mutex.Unlock()
		for {
			packet, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			s.received.Add(1)
			published.mutex.RLock()
			for _, subscription := range published.subscriptions {
				if subscription.connected.Load() && subscription.track.WriteRTP(packet) == nil {
					s.sent.Add(1)
				}
			}
			published.mutex.RUnlock()
		}
	})
	return nil
}

func (s *server) subscribe(room string, connection *webrtc.PeerConnection) error {
	connected := &atomic.Bool{}
	connection.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		connected.Store(state == webrtc.PeerConnectionStateConnected)
	})
	s.mutex.Lock()
	sources := s.rooms[room]
	s.mutex.Unlock()
	for number, source := range sources {
		track, err := webrtc.NewTrackLocalStaticRTP(source.codec, fmt.Sprint("track", number), "stream")
		if err != nil {
			return err
		}
		sender, err := connection.AddTrack(track)
		if err != nil {
			return err
		}
		go readFeedback(sender)
		source.mutex.Lock()
		source.subscriptions = append(source.subscriptions, subscription{track, connected})
		source.mutex.Unlock()
	}
	return nil
}

// readFeedback has Pion handle what a subscriber reports, NACK among it.
func readFeedback(sender *webrtc.RTPSender) {
	for {
		if _, _, err := sender.ReadRTCP(); err != nil {
			return
		}
	}
}

func (s *server) end(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	connection, found := s.sessions[r.PathValue("id")]
	delete(s.sessions, r.PathValue("id"))
	s.mutex.Unlock()
	if !found {
		http.NotFound(w, r)
		return
	}
	if err := connection.Close(); err != nil {
		log.Print(err)
	}
}

func (s *server) counts(w http.ResponseWriter, _ *http.Request) {
	s.mutex.Lock()
	sessions := len(s.sessions)
	s.mutex.Unlock()
	counts := map[string]int64{"received": s.received.Load(), "sent": s.sent.Load(), "sessions": int64(sessions)}
	if err := json.NewEncoder(w).Encode(counts); err != nil {
		log.Print(err)
	}
}
